/** Entry of `wcfs` when it runs from the sources. */
import { takeName } from "./take-name.ts";
import { wcfsMain } from "./wcfs-main.ts";

takeName("wcfs");
process.exitCode = await wcfsMain(process.argv.slice(2));
