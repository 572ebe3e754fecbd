import { replaceProcess } from "../../cli/restricted/replace-process.ts";
import { gsyncdArgv } from "../gsyncd-program.ts";
import type { KnownSession } from "../known-session.ts";
import { roleEnvironment, type GeorepPlaces } from "../places.ts";
import { foregroundWords, prepareStart } from "../start.ts";

/** Becomes the monitor of a session; it logs to standard error and ends with Ctrl-C. Does not return unless that fails. */
export async function runInForeground(places: GeorepPlaces, known: KnownSession): Promise<number> {
  await prepareStart(places, known);
  const argv = gsyncdArgv(foregroundWords(known));
  return replaceProcess(argv[0] ?? "", argv, roleEnvironment(places));
}
