/**
 * How a TypeScript server on `@belay/fuse` compares with a minimal C server on raw /dev/fuse, in one run, turn by turn.
 *
 * `node bench/fuse/fuse.bench.ts [ROUNDS]` as root; needs gcc. Prints medians, best rounds and their ratios (TypeScript / C).
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { MNT_DETACH, umount2 } from "@belay/linux";

import { randomFaults, sequential, stats } from "./measure.ts";

const rounds = Number(process.argv[2] ?? 5);
const spin = "20";
const directory = mkdtempSync(join(tmpdir(), "belay-bench-"));
const mountpoint = join(directory, "mnt");
const backing = join(directory, "backing");
const peer = join(directory, "peer");

type Server = "typescript" | "c";
type Figures = Record<"sequential MB/s" | "random 4K faults/s" | "stat/s", number>;

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const commands: Record<Server, string[]> = {
  typescript: [process.execPath, here("one-file-server.ts"), mountpoint, backing, spin],
  c: [peer, mountpoint, backing, spin],
};

try {
  prepare();
  const measured: Record<Server, Figures[]> = { typescript: [], c: [] };
  for (let round = 0; round < rounds; round++) {
    for (const server of round % 2 === 0 ? (["c", "typescript"] as const) : (["typescript", "c"] as const)) {
      measured[server].push(await measureServer(server));
    }
  }
  print(measured);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function prepare(): void {
  mkdirSync(mountpoint);
  writeFileSync(backing, Buffer.alloc(512 << 20, "backing file"));
  const { status, stderr } = spawnSync("gcc", ["-O2", "-Wall", "-o", peer, here("peer.c")], { encoding: "utf8" });
  if (status !== 0) throw new Error(`gcc cannot compile the peer: ${stderr}`);
}

async function measureServer(server: Server): Promise<Figures> {
  const file = join(mountpoint, "file");
  // The JavaScript of a server is compiled when it has run for a while; every real server has.
  const statRate = await mounted(server, () => {
    stats(file, 2000);
    return stats(file, 10_000);
  });
  const faults = await mounted(server, () => {
    stats(file, 2000);
    randomFaults(file, 2000);
    return randomFaults(file, 20_000);
  });
  const speed = await mounted(server, () => {
    stats(file, 2000);
    return sequential(file);
  });
  return { "sequential MB/s": speed, "random 4K faults/s": faults, "stat/s": statRate };
}

async function mounted<T>(server: Server, measure: () => T): Promise<T> {
  const [program = "", ...args] = commands[server];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), exited]);
  try {
    return measure();
  } finally {
    umount2(mountpoint, MNT_DETACH);
    await exited;
  }
}

function print(measured: Record<Server, Figures[]>): void {
  console.log(`${rounds} rounds, read-ahead 128 KiB, spin ${spin} µs; on a busy machine the best rounds tell more`);
  for (const name of ["sequential MB/s", "random 4K faults/s", "stat/s"] as const) {
    const [ours, theirs] = [sorted(measured.typescript, name), sorted(measured.c, name)];
    console.log(
      [
        name.padEnd(20),
        compare("median", middle(ours), middle(theirs)),
        compare("best", ours.at(-1), theirs.at(-1)),
      ].join("  "),
    );
  }
}

function compare(what: string, ours = NaN, theirs = NaN): string {
  return `${what}: TypeScript ${ours.toFixed(0)}, C ${theirs.toFixed(0)}, ratio ${(ours / theirs).toFixed(2)}`;
}

function sorted(figures: readonly Figures[], name: keyof Figures): number[] {
  return figures.map((figure) => figure[name]).sort((a, b) => a - b);
}

function middle(values: readonly number[]): number | undefined {
  return values[Math.floor(values.length / 2)];
}
