import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { AT_FDCWD, lsetxattr, makedev, mknodat } from "@belay/linux";
import { expect, test } from "vitest";

import { callWorker } from "../../packages/georep/src/control/call-worker.ts";
import { workingPath } from "../../packages/georep/src/session/working-path.ts";
import { GsyncdPlace, killIfThere } from "../georep/gsyncd-place.ts";
import { acl, RandomWriter } from "../georep/random-writer.ts";
import { configureForSshd, forced } from "../georep/ssh-place.ts";
import { Sshd } from "../georep/sshd.ts";

// A large tree with everything that can be in one, and a writer in it from the first copy on: when a checkpoint says complete, it is.

const files = Number(process.env["BELAY_SOAK_FILES"] ?? 3000);
const seed = Number(process.env["BELAY_SEED"] ?? Date.now() % 1_000_000);
const isRoot = process.geteuid?.() === 0;
const slow = { timeout: 60_000, interval: 100 };
const within = 150_000 + files * 15;

test.for([false, true])(
  `${files} files, links, devices, attributes, and a writer: equal when a checkpoint is complete (through ssh: %s)`,
  { timeout: 4 * within },
  async (isThroughSsh) => {
    await using place = new GsyncdPlace();
    await using sshd = isThroughSsh ? await startSshd(place) : undefined;
    if (sshd === undefined) place.configure();
    makeTree(place.source);
    const destination = sshd === undefined ? place.destination : `ssh://${sshd.host}:file://${place.destination}`;
    const { code, err } = await place.call("monitor", place.source, destination, "-c", place.config);
    expect([code, err]).toEqual([0, ""]);
    await expect.poll(() => place.status()["worker_status"], slow).toBe("Active");
    const writer = new RandomWriter(place.source, seed);
    const about = () => `seed ${seed}, ${writer.done} changes\n${place.logText().slice(-3000)}`;

    for (let i = 0; i < 3; i++) {
      // The first time while the first copy is made.
      await writeFor(writer, 3000);
      await checkpoint(place);
      expect(place.differences(), about()).toEqual([]);
    }
    killIfThere(-(place.pid ?? NaN), "SIGTERM");
    await expect.poll(() => place.processes(), slow).toEqual([]);
  },
);

async function startSshd(place: GsyncdPlace): Promise<Sshd> {
  const sshd = await Sshd.start(place.file("ssh"), forced(place, `--only-root=${place.destination}`));
  configureForSshd(place, sshd);
  return sshd;
}

async function checkpoint(place: GsyncdPlace): Promise<void> {
  const socket = join(workingPath(place.file("working"), place.source), "worker.sock");
  await callWorker(socket, "checkpoint", { verify: false }, AbortSignal.timeout(within));
}

/** Half of the files are where the writer works, and are renamed and deleted with their directories. */
function makeTree(root: string): void {
  const inner = Array.from({ length: 7 }, (_, i) => Array.from({ length: 7 }, (__, j) => `n${i}/n${j}`)).flat();
  const outer = Array.from({ length: 100 }, (_, i) => `kept/d${i}/${oddNames[i % oddNames.length]}`);
  const directories = [...inner, ...outer].map((name) => join(root, name));
  for (const directory of directories) fs.mkdirSync(directory, { recursive: true });
  for (let i = 0; i < files; i++) {
    const directory = directories[i % directories.length] ?? root;
    const path = join(directory, i % 50 === 0 ? `${oddNames[i % oddNames.length]}${i}` : `f${i}`);
    makeFile(path, i);
    // Groups of three, across directories.
    if (i % 40 === 0)
      for (let k = 1; k < 3; k++) fs.linkSync(path, join(directories[(i + k) % 100] ?? root, `l${i}-${k}`));
  }
}

function makeFile(path: string, i: number): void {
  if (i % 199 === 0) return fs.symlinkSync(`../f${i}`, path);
  if (i % 197 === 0) return mknodat(AT_FDCWD, path, 0o010640);
  if (i % 193 === 0 && isRoot) return mknodat(AT_FDCWD, path, 0o020600, makedev(1, 3 + (i % 3)));
  fs.writeFileSync(path, Buffer.alloc((i * 7919) % 9000, String(i)));
  if (i % 1000 === 1) fs.truncateSync(path, 5_000_000);
  if (i % 30 === 0) lsetxattr(path, "user.note", Buffer.from(`of ${i}`));
  if (i % 70 === 0) lsetxattr(path, "system.posix_acl_access", acl(i % 8));
  if (i % 90 === 0 && isRoot) fs.chownSync(path, i % 5, i % 7);
  if (i % 60 === 0) fs.chmodSync(path, i % 120 === 0 ? 0o4711 : 0o600);
  if (i % 20 === 0) fs.utimesSync(path, 1, i * 1000 + 0.123456);
}

const oddNames = ["with\nnewline", "tab\tand\rreturn", "ünï", " blank ", "%20", "-rf", "x".repeat(240)];

async function writeFor(writer: RandomWriter, ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until) {
    for (let i = 0; i < 5; i++) writer.step();
    await sleep(5);
  }
}
