/**
 * How a TypeScript server on `@belay/fuse` compares with a minimal C server on raw /dev/fuse, in one run, turn by turn.
 *
 * `node bench/fuse/fuse.bench.ts [ROUNDS]` as root; needs gcc. Prints medians and their ratio (TypeScript / C).
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
  await once(child.stdout, "data");
  try {
    return measure();
  } finally {
    umount2(mountpoint, MNT_DETACH);
    await exited;
  }
}

function print(measured: Record<Server, Figures[]>): void {
  console.log(`medians of ${rounds} rounds, read-ahead 128 KiB, spin ${spin} µs`);
  for (const name of ["sequential MB/s", "random 4K faults/s", "stat/s"] as const) {
    const [ours, theirs] = [median(measured.typescript, name), median(measured.c, name)];
    const row = [
      name.padEnd(20),
      `TypeScript ${ours.toFixed(0)}`,
      `C ${theirs.toFixed(0)}`,
      `ratio ${(ours / theirs).toFixed(2)}`,
    ];
    console.log(row.join("  "));
  }
}

function median(figures: readonly Figures[], name: keyof Figures): number {
  const sorted = figures.map((figure) => figure[name]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
