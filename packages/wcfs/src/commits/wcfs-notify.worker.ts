import { workerData } from "node:worker_threads";
import { runNotifyThread } from "./notify-thread.ts";
import type { NotifyThreadData } from "./notify-thread.ts";

runNotifyThread(workerData as NotifyThreadData);
