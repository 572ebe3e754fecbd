import { writeFileSync } from "node:fs";
import { serverMain } from "../../../packages/wcfs/src/server/server-main.ts";

writeFileSync("/proc/self/comm", "wcfs");
process.exit(await serverMain(["wcfs", ...process.argv.slice(2)]));
