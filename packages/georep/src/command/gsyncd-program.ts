import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isSea } from "node:sea";
import { fileURLToPath } from "node:url";
import { BelayError } from "@belay/supervise";

/**
 * The argv of our own gsyncd: the executable of that name beside the running one, or the sources.
 *
 * @throws BelayError `ENOGSYNCD` when belay was installed without it
 */
export function gsyncdArgv(words: readonly string[]): string[] {
  if (!isSea()) {
    const script = fileURLToPath(new URL("../cli/gsyncd.ts", import.meta.url));
    return [process.execPath, ...process.execArgv, script, ...words];
  }
  const own = basename(process.execPath) === "gsyncd" ? process.execPath : join(dirname(process.execPath), "gsyncd");
  if (existsSync(own)) return [own, ...words];
  throw new BelayError("ENOGSYNCD", `${own} is not there`, {
    hint: "install belay with all of its names: make install",
  });
}
