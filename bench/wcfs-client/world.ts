import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MNT_DETACH, umount2 } from "@belay/linux";
import { SparseFile } from "./sparse-file.ts";

const entry = fileURLToPath(new URL("../../test/wcfs/harness/server-entry.ts", import.meta.url));

/** A server of a sparse file, in a process of its own. */
export interface World {
  readonly file: SparseFile;
  readonly mountpoint: string;
  readonly serverPid: number;
}

/** Serves a file of so many blocks while it is used. */
export async function inWorld(blocks: number, use: (world: World) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "belay-bench-"));
  try {
    await using file = await SparseFile.create(join(directory, "data.fs"), blocks);
    const mountpoint = join(directory, "mnt");
    mkdirSync(mountpoint);
    const server = spawn(process.execPath, [entry, "-logtostderr", file.zurl, mountpoint], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    const exited = once(server, "exit");
    try {
      while (!existsSync(join(mountpoint, ".wcfs/zurl"))) {
        if (server.exitCode !== null) throw new Error(`the server has ended: ${server.exitCode}`);
        await sleep(10);
      }
      await use({ file, mountpoint, serverPid: server.pid ?? 0 });
    } finally {
      umount2(mountpoint, MNT_DETACH);
      await exited;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Prints the middle and the slow end of some times. */
export function show(name: string, times: readonly number[], unit = "us"): void {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(0);
  console.log(`${name}: p50 ${at(0.5)} ${unit}, p99 ${at(0.99)} ${unit} (${sorted.length})`);
}

/** Numbers from 0 on. */
export const range = (count: number, step = 1): number[] => Array.from({ length: count }, (_, i) => i * step);
