import { workerData } from "node:worker_threads";
import type { PinnerData } from "./messages.ts";
import { Pinner } from "./pinner-thread.ts";

new Pinner(workerData as PinnerData).run();
