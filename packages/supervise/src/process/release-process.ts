import { readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../errors/belay-error.ts";
import type { LedgerEntry, ReleaseContext, ReleaseFunction, ReleaseOutcome } from "../ledger/types.ts";
import { endProcesses } from "./end-processes.ts";
import { bootId, isAlive, readStat, type ProcessIdentity } from "./identity.ts";
import { bearsToken, groupMembers, listPids, sendSignal, tokenBearers } from "./process-group.ts";

/** Ledger entry of a child process. `pid` and `startTime` are only known once it runs. */
export interface ProcessGroupEntry extends LedgerEntry {
  readonly kind: "process-group";
  /** In the child's environment as {@link ownerTokenVariable}: finds it when its owner died before noting its pid. */
  readonly token: string;
  /** Whether the child leads a group of its own, which is ended with it. */
  readonly leads: boolean;
  readonly bootId: string;
  readonly pid?: number;
  readonly startTime?: string;
}

/** Time for SIGTERM and SIGKILL of a sweep or a scope's end, in milliseconds. */
const releaseMs = 5000;

/** Ends the processes of an entry, and only those. */
export const releaseProcessGroup: ReleaseFunction = async (raw, context) => {
  const entry = raw as ProcessGroupEntry;
  if (entry.bootId !== bootId()) return "gone";
  const leader = leaderOf(entry);
  if (leader !== undefined && entry.leads) return endGroup(leader, entry.token);
  if (leader === undefined && !context.acquired) await untilAllAreStarted();
  return outcome(await endProcesses(() => find(entry, leader, context), { timeoutMs: releaseMs }));
};

function leaderOf({ pid, startTime }: ProcessGroupEntry): ProcessIdentity | undefined {
  return pid === undefined || startTime === undefined ? undefined : { pid, startTime, bootId: bootId() };
}

function find(
  entry: ProcessGroupEntry,
  leader: ProcessIdentity | undefined,
  context: ReleaseContext,
): ProcessIdentity[] {
  if (leader !== undefined) return isAlive(leader) ? [leader] : [];
  // Died between intent and note: whoever bears the token was started by the owner or by its child.
  return context.acquired ? [] : tokenBearers(entry.token).filter(({ pid }) => pid !== context.owner.pid);
}

/** Milliseconds that a child may be under way to its program. */
const startMs = 1000;

// Between fork(2) and execve(2) a child has not its token yet. It has one thread, and what we run as has more.
async function untilAllAreStarted(): Promise<void> {
  const [late, own] = [performance.now() + startMs, programOf(process.pid)];
  while (listPids().some((pid) => isBeingStarted(pid, own)) && performance.now() < late) await sleep(1);
}

function isBeingStarted(pid: number, program: string | undefined): boolean {
  const stat = readStat(pid);
  return stat?.threads === 1 && stat.state !== "Z" && programOf(pid) === program;
}

function programOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH", "EACCES", "EPERM")) return undefined;
    throw error;
  }
}

async function endGroup(leader: ProcessIdentity, token: string): Promise<ReleaseOutcome> {
  const signalAll = (signal: NodeJS.Signals, members: readonly ProcessIdentity[]) => {
    if (isAlive(leader)) sendSignal(-leader.pid, signal);
    else for (const member of members) if (isAlive(member)) sendSignal(member.pid, signal);
  };
  return outcome(await endProcesses(() => membersOf(leader, token), { timeoutMs: releaseMs, signalAll }));
}

// While the leader lives (or is a zombie) the group is ours. Without it the number may have been given to another group meanwhile:
// then only those that bear our token count.
function membersOf(leader: ProcessIdentity, token: string): ProcessIdentity[] {
  const now = readStat(leader.pid);
  if (now !== undefined && now.startTime !== leader.startTime) return [];
  const members = groupMembers(leader.pid);
  return now === undefined ? members.filter(({ pid }) => bearsToken(pid, token)) : members;
}

function outcome(wasThere: boolean): ReleaseOutcome {
  return wasThere ? "released" : "gone";
}
