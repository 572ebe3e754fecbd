import { setsid } from "../process/process.ts";

setsid();
process.stdout.write("ready\n");
setInterval(() => undefined, 60_000);
