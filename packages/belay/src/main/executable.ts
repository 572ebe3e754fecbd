/**
 * Entry of the single executable: the name it is called by says what it is.
 *
 * The name is that of the file (`/proc/self/exe`), not `argv[0]`, which callers may choose freely; `argv[0]` decides where the
 * file's own name says nothing, as for a copy named otherwise.
 */
import { basename } from "node:path";
import { takeName, wcfsMain } from "@belay/wcfs";
import { belayMain } from "../cli/belay-main.ts";

function appletName(): "belay" | "wcfs" {
  const name = [process.execPath, process.argv0]
    .map((path) => basename(path))
    .find((word) => word === "belay" || word === "wcfs");
  return name === "wcfs" ? "wcfs" : "belay";
}

async function main(): Promise<void> {
  const name = appletName();
  takeName(name);
  const args = process.argv.slice(2);
  process.exitCode = name === "wcfs" ? await wcfsMain(args) : await belayMain(args);
}

void main();
