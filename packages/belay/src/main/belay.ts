/** Entry of `belay` when it runs from the sources. */
import { belayMain } from "../cli/belay-main.ts";
import { takeName } from "@belay/wcfs";

takeName("belay");
process.exitCode = await belayMain(process.argv.slice(2));
