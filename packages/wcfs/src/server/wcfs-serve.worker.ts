import { workerData } from "node:worker_threads";
import type { ServeThreadData } from "./messages.ts";

// A part, because the executable has its code compiled already. What it throws reaches the main thread as the worker's error.
void import("./serve-thread.part.ts").then(({ runServeThread }) => runServeThread(workerData as ServeThreadData));
