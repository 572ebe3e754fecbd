/** The thread of a {@link Notifier}: does the jobs it is sent, one after the other, and tells their results. */
import { parentPort, workerData } from "node:worker_threads";

import { eventfdSignal } from "@belay/linux";

import { NotifyChannel } from "./notify-channel.ts";
import type { NotifierData, NotifyJob } from "./notify-step.ts";
import { ResultRing } from "./result-ring.ts";
import { RetrieveInbox } from "./retrieve-inbox.ts";
import { runStep } from "./run-step.ts";

const data = workerData as NotifierData;
const channel = new NotifyChannel(data.fd);
const ring = new ResultRing(data.ring);
const inbox = new RetrieveInbox(data.inbox);

parentPort?.on("message", (job: NotifyJob | "end") => {
  if (job === "end") {
    parentPort?.close();
    return;
  }
  for (const step of job.steps) ring.push(job.id, runStep(step, channel, inbox));
  eventfdSignal(data.doneFd);
});
