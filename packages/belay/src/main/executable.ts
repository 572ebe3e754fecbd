/**
 * Entry of the single executable: the name it is called by says what it is.
 *
 * The name is that of the file (`/proc/self/exe`), not `argv[0]`, which callers may choose freely; `argv[0]` decides where the
 * file's own name says nothing, as for a copy named otherwise.
 */
import { basename } from "node:path";
import { gsyncdVersion } from "@belay/georep";
import { takeName, wcfsMain } from "@belay/wcfs";
import { belayMain } from "../cli/belay-main.ts";

const applets: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  belay: belayMain,
  wcfs: wcfsMain,
  "docker-py": async (args) => {
    const { dockerPyMain } = await import("./docker-py.part.ts");
    return dockerPyMain(args, process.argv0);
  },
  gsyncd: async (args) => {
    // Every run of the gluster command asks for it.
    if (args.includes("--version")) {
      process.stdout.write(`${gsyncdVersion}\n`);
      return 0;
    }
    const { gsyncdMain, gsyncdRoles } = await import("./gsyncd.part.ts");
    return gsyncdMain(args, process.env, gsyncdRoles);
  },
};

async function main(): Promise<void> {
  const called = [process.execPath, process.argv0].map((path) => basename(path));
  const name = called.find((word) => word in applets) ?? "belay";
  takeName(name);
  process.exitCode = await applets[name]?.(process.argv.slice(2));
}

void main();
