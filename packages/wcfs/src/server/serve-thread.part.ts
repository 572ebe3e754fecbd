export { runServeThread } from "./serve-thread.ts";
