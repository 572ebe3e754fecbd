import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { replicate } from "../../packages/georep/src/monitor/replicate.ts";
import { copyByLsyncd, copyBySyncthing } from "./peers.ts";
import { benchPlace, has, receivingEnd, secondaryBeside, secondaryThrough } from "./place.ts";
import { makeLargeFile, makeSmallFiles } from "./trees.ts";

// First copy, durable at the end, beside other programs, as many of them as there are, or of those named:
// `node bench/georep/initial.ts [PARENT [FILES [MIB [PROGRAM …]]]]`. On a tmpfs, root has each copy on a tmpfs of its own.
const [parent, files = "2000", mib = "1024", ...wanted] = process.argv.slice(2);
await using place = await benchPlace(parent);
const { source, ssh } = place;

process.stdout.write(`receiving end: ${receivingEnd}\n`);
makeSmallFiles(source, Number(files), 4096);
await compareAll(`${files} files of 4 KiB`);
rmSync(source, { recursive: true });
mkdirSync(source);
makeLargeFile(join(source, "large"), Number(mib) * 1024 * 1024);
await compareAll(`${mib} MiB in one file`);

type Copy = (to: string) => void | Promise<void>;

async function compareAll(what: string): Promise<void> {
  await compare(`${what}, local`, [
    ["tar | tar", (to) => shell('tar -C "$0" -cf - . | tar -C "$1" -xf -; sync -f "$1"', to)],
    ["rsync -a", (to) => shell('rsync -a "$0/" "$1/"; sync -f "$1"', to)],
    ["belay", (to) => first(to, secondaryBeside(to))],
    ["lsyncd", (to) => copyByLsyncd(source, to)],
    ["syncthing", (to) => copyBySyncthing(source, to, place.fresh("syncthing"))],
  ]);
  rmSync(join(source, ".stfolder"), { recursive: true, force: true });
  if (ssh === undefined) return;
  const { host, rsh } = ssh;
  await compare(`${what}, ssh`, [
    ["tar | tar", (to) => shell(`tar -C "$0" -cf - . | ${ssh.ssh.join(" ")} "tar -C $1 -xf -; sync -f $1"`, to)],
    ["rsync -a", (to) => shell(`rsync -a -e "${rsh}" "$0/" "${host}:$1/"; sync -f "$1"`, to)],
    ["belay", (to) => first(to, secondaryThrough(ssh.sessionSsh, to))],
  ]);
}

async function compare(what: string, programs: readonly (readonly [string, Copy])[]): Promise<void> {
  let best: number | undefined;
  for (const [name, copy] of programs) {
    const [program = ""] = name.split(" ");
    if (!isWanted(program)) continue;
    const to = place.freshCopy();
    place.fresh("state");
    execFileSync("sync", ["-f", to]);
    const start = performance.now();
    await copy(to);
    const seconds = (performance.now() - start) / 1000;
    const ratio = best === undefined ? "" : `, ${(seconds / best).toFixed(2)} x tar`;
    best ??= seconds;
    process.stdout.write(`${what}: ${name} ${seconds.toFixed(2)} s${ratio}\n`);
  }
}

function isWanted(program: string): boolean {
  if (program === "belay" || program === "tar") return true;
  return has(program) && (wanted.length === 0 || wanted.includes(program));
}

async function first(to: string, secondaryCommand: string[]): Promise<void> {
  await using worker = await replicate(source, to, {
    session: "bench",
    state: join(to, "..", "state"),
    secondaryCommand,
  });
  await worker.checkpoint();
}

function shell(script: string, to: string): void {
  execFileSync("sh", ["-c", script, source, to], { stdio: ["ignore", "inherit", "inherit"] });
}
