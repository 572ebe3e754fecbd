import { setCloseOnExec } from "@belay/linux";
import { replaceProcess } from "../../cli/restricted/replace-process.ts";
import { commandLock } from "../../session/command-lock.ts";
import type { KnownSession } from "../known-session.ts";
import { foregroundWords, prepareStart } from "../start.ts";
import { gsyncdArgv } from "../gsyncd-program.ts";
import { lockSession } from "../session-lock.ts";
import { roleEnvironment, type GeorepPlaces } from "../places.ts";

/** Becomes the monitor of a session; it logs to standard error and ends with Ctrl-C. Does not return unless that fails. */
export async function runInForeground(places: GeorepPlaces, known: KnownSession, signal: AbortSignal): Promise<number> {
  using lock = await lockSession(known, signal);
  await prepareStart(places, known);
  const argv = gsyncdArgv(foregroundWords(known));
  setCloseOnExec(lock.fd, false);
  return replaceProcess(argv[0] ?? "", argv, commandLock.pass(roleEnvironment(places), lock.fd));
}
