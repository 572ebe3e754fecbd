import { readdirSync } from "node:fs";

import {
  AT_EMPTY_PATH,
  close,
  errno,
  errnoOf,
  open,
  O_DIRECTORY,
  O_PATH,
  rmdirat,
  statx,
  utimensat,
  UTIME_OMIT,
} from "@belay/linux";

import type { ForgetReply } from "../rpc/survey-messages.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { isDirectory } from "../tree/object-state.ts";
import { isGone, statAt } from "../tree/read-object.ts";
import { conflictName } from "./conflict-name.ts";
import { openDirectoryAt } from "./beneath.ts";
import { moveAway } from "./not-ours.ts";
import { removeTreeAt } from "./remove-tree.ts";
import { lockSession, strangerPrefix } from "./session.ts";

/**
 * Removes what a destination keeps of a session, and none of its files. What was set aside there and is not ours (`conflicts/`) stays where
 * it is.
 *
 * May be cut off anywhere and repeated.
 *
 * @param lockMs  how long a receiving end that has lost its worker may take to end, in milliseconds
 * @throws BelayError `ELOCKED` while a worker is connected
 */
export async function forgetSession(root: string, session: string, lockMs = 10_000): Promise<ForgetReply> {
  using rootFd = opened(() => open(root, O_PATH | O_DIRECTORY));
  if (rootFd === undefined) return unknown;
  using state = opened(() => openDirectoryAt(rootFd.fd, stateName));
  if (state === undefined) return unknown;
  const keptConflicts = await emptySession(state.fd, session, lockMs);
  const isEmpty = readdirSync(`/proc/self/fd/${state.fd}`).length === 0;
  if (isEmpty) removeKeepingTime(rootFd.fd);
  return { isKnown: keptConflicts !== undefined, keptConflicts: keptConflicts ?? 0 };
}

const unknown: ForgetReply = { isKnown: false, keptConflicts: 0 };
const stateName = Buffer.from(stateDirectoryName);
const conflicts = "conflicts";

/** @returns how many things that are not ours stay; undefined when there is nothing of the session */
async function emptySession(stateFd: number, session: string, lockMs: number): Promise<number | undefined> {
  using base = opened(() => openDirectoryAt(stateFd, Buffer.from(session)));
  if (base === undefined) return undefined;
  const path = `/proc/self/fd/${base.fd}`;
  using _lock = await lockSession(`${path}/lock`, lockMs);
  using aside = opened(() => openDirectoryAt(base.fd, Buffer.from(conflicts)));
  using held = opened(() => openDirectoryAt(base.fd, Buffer.from("held")));
  if (held !== undefined && aside !== undefined) keepStrangers(held.fd, aside.fd);
  const kept = aside === undefined ? 0 : namesIn(aside.fd).length;
  for (const name of readdirSync(path)) {
    if (name !== "lock" && (kept === 0 || name !== conflicts)) removeTreeAt(base.fd, Buffer.from(name));
  }
  removeTreeAt(base.fd, Buffer.from("lock"));
  if (kept === 0) removeTreeAt(stateFd, Buffer.from(session));
  return kept;
}

// Of a batch that was cut off: what was not ours, and directories, which may have been kept although the source has deleted them.
function keepStrangers(held: number, aside: number): void {
  for (const name of namesIn(held)) {
    const stat = statAt(held, name);
    const isOurs = !name.toString("latin1").startsWith(strangerPrefix) && stat !== undefined && !isDirectory(stat.mode);
    if (!isOurs) moveAway({ dirfd: held, name }, aside, conflictName(name));
  }
}

const namesIn = (fd: number): Buffer[] => readdirSync(`/proc/self/fd/${fd}`, { encoding: "buffer" });

// The root stays as old as the source's.
function removeKeepingTime(root: number): void {
  const { mtime } = statx(root, "", AT_EMPTY_PATH);
  try {
    rmdirat(root, stateName);
    utimensat(root, ".", UTIME_OMIT, mtime, 0);
  } catch (error) {
    if (!isGone(error) && errnoOf(error) !== errno.ENOTEMPTY) throw error;
  }
}

function opened(open: () => number): ({ readonly fd: number } & Disposable) | undefined {
  try {
    const fd = open();
    return { fd, [Symbol.dispose]: () => close(fd) };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
