export { clientProcesses, type ClientProcess, type ClientProcesses } from "./client-process.ts";
export { Isolation, type IsolationCounts } from "./isolation.ts";
export type { IsolationWorld, PinPolicy } from "./world.ts";
