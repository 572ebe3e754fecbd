/**
 * Processes, mounts, locks, deadlines and logs, and the ledger of what a process owns.
 *
 * Importing this package does nothing and loads no native code: that waits for the first system call.
 *
 * @packageDocumentation
 */
export * from "./errors/belay-error.ts";
export * from "./errors/render.ts";
export * from "./deadline/abort-on-signals.ts";
export * from "./deadline/deadline.ts";
export * from "./deadline/on-abort.ts";
export * from "./deadline/sleep.ts";
export * from "./deadline/task-group.ts";
export * from "./log/format.ts";
export * from "./log/glog-sinks.ts";
export * from "./log/logger.ts";
export * from "./log/record.ts";
export * from "./log/sinks.ts";
export * from "./events/wait-for-events.ts";
export * from "./process/identity.ts";
export { endsWithin, waitForEnd } from "./process/wait-for-end.ts";
export { endProcesses } from "./process/end-processes.ts";
export * from "./process/process-error.ts";
export { findProgram } from "./process/find-program.ts";
export { run, type RunResult } from "./process/run.ts";
export { spawnProcess } from "./process/spawn-process.ts";
export { groupMembers, sendSignal } from "./process/process-group.ts";
export type * from "./process/types.ts";
export { kernelTraceback } from "./proc/ktraceback.ts";
export { endWhenOutputCloses } from "./process/closed-output.ts";
export { openProc, type ProcReader } from "./proc/open-proc.ts";
export { isDenied, isGone, ProcGone, ProcPermissionDenied } from "./proc/proc-error.ts";
export type * from "./proc/types.ts";
export { mountControl, openFuseAbort, type FuseAbort } from "./mounts/fuse-abort.ts";
export { fuseUnmount, FuseUnmountError, type FuseUnmountOptions } from "./mounts/fuse-unmount.ts";
export { isMountpoint, MountTable, waitForMounts } from "./mounts/mount-table.ts";
export { makedev, splitDev } from "./mounts/parse-mountinfo.ts";
export { mountIdentity, type MountLedgerEntry } from "./mounts/release-mount.ts";
export { usersOfMount, usersText } from "./mounts/users-of-mount.ts";
export type * from "./mounts/types.ts";
export { registerKind } from "./ledger/kinds.ts";
export { openLedger } from "./ledger/open-ledger.ts";
export { fileIdentity } from "./ledger/release-files.ts";
export { sweep, type SweepOptions } from "./ledger/sweep.ts";
export { tempDir, type TempDirectory } from "./ledger/temp.ts";
export type * from "./ledger/types.ts";
export { takeFileLock, type FileLockOptions } from "./locks/file-lock.ts";
export { readPid, takePidLock } from "./locks/pid-lock.ts";
export { removeStartLock, startLockPath, takeStartLock } from "./locks/start-lock.ts";
export type * from "./locks/types.ts";
export { runDirectory, runDirectoryPlaces, runDirectoryVariable } from "./rundir/run-directory.ts";
export * from "./state/write-file-atomic.ts";
export { utf8Pieces } from "./text/utf8-pieces.ts";
export * from "./workers/start-worker.ts";
export { stopLadder } from "./stop/stop-ladder.ts";
export { stuckDump } from "./stop/stuck-dump.ts";
export type * from "./stop/types.ts";
export * from "./daemon/daemonize.ts";
export * from "./progress/on-stderr.ts";
export * from "./progress/printers.ts";
export * from "./progress/progress.ts";
