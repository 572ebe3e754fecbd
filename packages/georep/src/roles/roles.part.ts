export { runMonitor } from "./monitor/run-monitor.ts";
export { runSecondary } from "./secondary/run-secondary.ts";
export { runWorker } from "./worker/run-worker.ts";
