import { workerData } from "node:worker_threads";
import type { ServeThreadData } from "./messages.ts";
import { runServeThread } from "./serve-thread.ts";

// What it throws reaches the main thread as the worker's error.
void runServeThread(workerData as ServeThreadData);
