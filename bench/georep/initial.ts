import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { copyByLsyncd, copyBySyncthing } from "./peers.ts";
import { benchPlace, has, receivingEnd, secondaryBeside, secondaryThrough } from "./place.ts";
import { makeLargeFile, makeSmallFiles } from "./trees.ts";

// First copy, durable at the end, beside other programs, as many of them as there are, or of those named:
// `node bench/georep/initial.ts [PARENT [FILES [MIB [PROGRAM …]]]]`. On a tmpfs, root has each copy on a tmpfs of its own. BELAY_BENCH_ROUNDS: so often
// all of them in turn, and what is told is in the middle.
const [parent, files = "2000", mib = "1024", ...wanted] = process.argv.slice(2);
const rounds = Number(process.env["BELAY_BENCH_ROUNDS"] ?? 1);
await using place = await benchPlace(parent);
const { source, ssh } = place;

process.stdout.write(`receiving end: ${receivingEnd}\n`);
makeSmallFiles(source, Number(files), 4096);
await compareAll(`${files} files of 4 KiB`);
rmSync(source, { recursive: true });
mkdirSync(source);
makeLargeFile(join(source, "large"), Number(mib) * 1024 * 1024);
await compareAll(`${mib} MiB in one file`);

/** Copies the source; returns the seconds that it took, if it knows them better than we do. */
type Copy = (to: string) => unknown;

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
  const wantedOnes = programs.filter(([name]) => isWanted(name.split(" ")[0] ?? ""));
  const seconds = wantedOnes.map((): number[] => []);
  for (let round = 0; round < rounds; round++)
    for (const [index, [, copy]] of wantedOnes.entries()) seconds[index]?.push(await timed(copy));
  const best = median(seconds[0] ?? []);
  for (const [index, [name]] of wantedOnes.entries()) {
    const times = seconds[index] ?? [];
    const ratio = index === 0 ? "" : `, ${(median(times) / best).toFixed(2)} x tar`;
    const all = rounds === 1 ? "" : ` (${times.map((each) => each.toFixed(2)).join(", ")})`;
    process.stdout.write(`${what}: ${name} ${median(times).toFixed(2)} s${ratio}${all}\n`);
  }
}

async function timed(copy: Copy): Promise<number> {
  const to = place.freshCopy();
  place.fresh("state");
  execFileSync("sync", ["-f", to]);
  const start = performance.now();
  const known: unknown = await copy(to);
  return typeof known === "number" ? known : (performance.now() - start) / 1000;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? NaN;
}

function isWanted(program: string): boolean {
  if (program === "belay" || program === "tar") return true;
  return has(program) && (wanted.length === 0 || wanted.includes(program));
}

// Without the start of the process itself, which has no part in a replication that is under way.
function first(to: string, secondaryCommand: string[]): number {
  const program = fileURLToPath(new URL("copy-once.ts", import.meta.url));
  const words = [program, source, to, join(to, "..", "state"), ...secondaryCommand];
  return Number(execFileSync(process.execPath, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
}

function shell(script: string, to: string): void {
  execFileSync("sh", ["-c", script, source, to], { stdio: ["ignore", "inherit", "inherit"] });
}
