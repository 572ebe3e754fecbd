import { abortOnSignals, createLogger } from "@belay/supervise";

import { sourceKinds } from "../sources/change-source.ts";
import { startMonitor } from "./monitor.ts";
import { replicate } from "./replicate.ts";

// By hand: `node replicate-main.ts SOURCE DESTINATION STATE [SESSION [fanotify|inotify|scan]]`; Ctrl-C ends it.
const [source = "", destination = "", state = "", session = "by-hand", kind] = process.argv.slice(2);
const logger = createLogger({ name: "georep" });
const sourceKind = sourceKinds.find((known) => known === kind);
const start = () =>
  replicate(source, destination, {
    session,
    state,
    sourceKind,
    logger,
    onStatus: (status) => process.stdout.write(`${JSON.stringify(status)}\n`),
  });

using signals = abortOnSignals();
const monitor = await startMonitor({ start, logger });
await new Promise((resolve) => signals.signal.addEventListener("abort", resolve, { once: true }));
await monitor[Symbol.asyncDispose]();
