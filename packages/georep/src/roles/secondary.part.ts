export { runSecondary } from "./secondary/run-secondary.ts";
