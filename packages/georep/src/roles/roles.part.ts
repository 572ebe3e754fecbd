export { runMonitor } from "./monitor/run-monitor.ts";
export { runWorker } from "./worker/run-worker.ts";
