import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { replicate } from "../../packages/georep/src/monitor/replicate.ts";

// First copy, durable at the end, beside other programs: `node bench/georep/initial.ts [PARENT]`.
const base = mkdtempSync(join(process.argv[2] ?? tmpdir(), "belay-bench-georep-"));
const source = join(base, "source");

try {
  mkdirSync(source);
  for (let i = 0; i < 2000; i++) writeFileSync(join(source, `f${i}`), Buffer.alloc(1024, i));
  await compare("2000 files of 1 KiB");
  rmSync(source, { recursive: true });
  mkdirSync(source);
  execFileSync("sh", ["-c", 'head -c 1073741824 /dev/urandom > "$0/large"', source]);
  await compare("1 GiB");
} finally {
  rmSync(base, { recursive: true, force: true });
}

async function compare(what: string): Promise<void> {
  const programs: [string, (to: string) => void | Promise<void>][] = [
    ["belay", first],
    ["tar | tar", (to) => shell('tar -C "$0" -cf - . | tar -C "$1" -xf -; sync -f "$1"', to)],
    ["rsync -a", (to) => shell('rsync -a "$0/" "$1/"; sync -f "$1"', to)],
  ];
  for (const [name, copy] of programs) {
    if (name.startsWith("rsync") && !has("rsync")) {
      process.stdout.write(`${what}: rsync is not installed\n`);
      continue;
    }
    const to = mkdtempSync(join(base, "to-"));
    execFileSync("sync", ["-f", base]);
    const start = performance.now();
    await copy(to);
    process.stdout.write(`${what}: ${name} ${((performance.now() - start) / 1000).toFixed(2)} s\n`);
    rmSync(to, { recursive: true });
  }
}

async function first(to: string): Promise<void> {
  await using worker = await replicate(source, to, { session: "bench", state: `${to}-state` });
  await worker.checkpoint();
}

function shell(script: string, to: string): void {
  execFileSync("sh", ["-c", script, source, to]);
}

function has(program: string): boolean {
  try {
    execFileSync("which", [program]);
    return true;
  } catch {
    return false;
  }
}
