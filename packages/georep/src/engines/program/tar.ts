import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import { BugError } from "@belay/supervise";

import { createTokenBucket, type TokenBucket } from "../../policy/token-bucket.ts";
import type { ProgramCall } from "./context.ts";
import { programEnd, startProgram } from "./program-end.ts";
import { receivingTar } from "./receiving-tar.ts";
import { plainPath } from "./shell-words.ts";

/** Exit codes of the packing end that concern single files: they changed, shrank or vanished. */
const perFile = [1, 2];

/** Sends files by tar, through ssh when the destination is on another machine. */
export async function sendByTar({ place, policy, names, stage }: ProgramCall): Promise<void> {
  const { tar } = policy.programs;
  const pack = [
    tar,
    "-cf",
    "-",
    "--dereference",
    "--hard-dereference",
    "--sparse",
    "--no-recursion",
    "--null",
    "--files-from=-",
  ];
  const unpack =
    place.shell === undefined
      ? [tar, ...receivingTar(stage.toString())]
      : [...place.shell, "tar", ...receivingTar(plainPath(stage))];
  const { directory: cwd, ledger } = place;
  await using sender = await startProgram(pack, "tar-command", { cwd, stdin: "pipe", stdout: "pipe", ledger });
  await using receiver = await startProgram(unpack, "tar-command", { stdin: "pipe", ledger });
  const { stdin, stdout } = sender;
  if (stdin === null || stdout === null || receiver.stdin === null) throw new BugError("a child without pipes");
  const bucket = createTokenBucket(policy.bandwidth);
  // Should the receiver end early, its own words tell why; having seen the end of the archive it may also just be the first to go.
  const piped = pipeline(stdout, paced(bucket), receiver.stdin).catch(() => undefined);
  // It gets its names when somebody listens: Node throws away what a child says that ends before.
  stdin.end(names.map((name) => `${name}\0`).join(""));
  await piped;
  await programEnd(receiver, []);
  await programEnd(sender, perFile);
}

function paced(bucket: TokenBucket): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bucket.take(chunk.length).then(() => done(null, chunk), done);
    },
  });
}
