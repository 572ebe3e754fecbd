import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { AT_EMPTY_PATH, statx } from "@belay/linux";

import type { SyncPolicy } from "../../policy/policy.ts";
import { codeOfFile, failureOf } from "../../rpc/failure.ts";
import type { Failure } from "../../rpc/messages.ts";
import type { Secondary } from "../../rpc/secondary-client.ts";
import { digestOf } from "../../tree/digest.ts";
import type { FileToSend, ProgramPlace } from "./context.ts";
import { sendByRsync } from "./rsync.ts";
import { splitBySize } from "./split-by-size.ts";
import { sendByTar } from "./tar.ts";

/**
 * Sends the content of files by rsync or tar. The program reads from links to the open files, named by their ids, so no name of the source
 * means anything to it; the destination takes what is by digest what it has to be. What did not come right is sent again.
 */
export async function sendByProgram(
  { secondary, policy, place }: { secondary: Secondary; policy: SyncPolicy; place: ProgramPlace },
  files: readonly FileToSend[],
): Promise<{ readonly bytes: number; readonly failures: readonly Failure[] }> {
  const send = policy.engine === "tarssh" ? sendByTar : sendByRsync;
  let [rest, bytes, failures] = [files, 0, new Map<FileToSend, Failure>()];
  for (let attempt = 1; rest.length > 0 && attempt <= policy.programs.attempts; attempt++) {
    const stage = await secondary.stage(rest.map(({ id }) => id));
    makeLinks(place.directory, rest);
    await sendShares(rest, policy, (names, shared) => send({ place, policy: shared, names, stage }));
    failures = new Map();
    for (const file of rest) {
      const { size } = statx(file.fd, "", AT_EMPTY_PATH);
      const failure = await take(secondary, file, size);
      if (failure === undefined) bytes += size;
      else failures.set(file, failure);
    }
    rest = [...failures.keys()];
  }
  rmSync(place.directory, { recursive: true, force: true });
  return { bytes, failures: [...failures.values()] };
}

/** Most programs at once: each is a session of its own of the shared ssh connection, of which sshd allows ten. */
const mostPrograms = 8;

// As many programs as there may be jobs, where there is enough to carry. They bring different files into the same stage.
async function sendShares(
  files: readonly FileToSend[],
  policy: SyncPolicy,
  send: (names: readonly string[], policy: SyncPolicy) => Promise<void>,
): Promise<void> {
  const sized = files.map((file) => ({ file, size: statx(file.fd, "", AT_EMPTY_PATH).size }));
  const shares = splitBySize(sized, Math.min(policy.jobs, mostPrograms));
  const bandwidth = () => {
    const rate = policy.bandwidth();
    return rate === undefined ? undefined : Math.max(1, Math.floor(rate / shares.length));
  };
  const sending = shares.map((share) =>
    send(
      share.map(({ file }) => nameOf(file)),
      { ...policy, bandwidth },
    ),
  );
  // None is left behind when another one fails.
  const ends = await Promise.allSettled(sending);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

async function take(secondary: Secondary, { id, fd }: FileToSend, size: number): Promise<Failure | undefined> {
  try {
    await secondary.take(id, size, digestOf(fd, 0, size));
    return undefined;
  } catch (error) {
    const code = codeOfFile(error);
    if (code === undefined) throw error;
    return failureOf(id, code, error);
  }
}

function makeLinks(directory: string, files: readonly FileToSend[]): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const file of files) symlinkSync(`/proc/${process.pid}/fd/${file.fd}`, join(directory, nameOf(file)));
}

const nameOf = ({ id }: FileToSend): string => id.toString("hex");
