import { containerMain } from "./container.ts";

process.exitCode = await containerMain(process.argv.slice(2));
