import { passedLock } from "./passed-lock.ts";

/**
 * The lock of the command that starts a monitor. The monitor has it until it holds its pid file, whatever becomes of that command: nobody else can
 * stop, start or delete the session in between, not knowing of it.
 */
export const commandLock = passedLock("_GSYNCD_COMMAND_LOCK_");
