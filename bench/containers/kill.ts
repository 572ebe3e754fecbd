/**
 * Runs and builds killed with SIGKILL at random moments: what is left after one `clean`. The goal is nothing.
 *
 * node bench/containers/kill.ts [ROUNDS]
 */
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeStorage, node } from "./storage.ts";

const rounds = Number(process.argv[2] ?? 100);
using storage = makeStorage();
const { folder, env, tools, podman } = storage;
const extra = join(folder, "extra");
writeFileSync(extra, Buffer.alloc(8 * 1024 * 1024, 7));

/** Containers of any kind, files, ledgers, processes. */
function leftovers(mark: string): string[] {
  const containers = podman("ps", "-a", "--external", "--format", "container {{.Names}}").split("\n");
  const files = readdirSync(join(folder, "scratch")).map((name) => `file ${name}`);
  const ledgers = readdirSync(join(folder, "run/ledgers")).filter((name) => !name.endsWith(".lock"));
  const processes = spawnSync("pgrep", ["-af", mark], { encoding: "utf8" }).stdout.split("\n");
  return [...containers, ...files, ...ledgers, ...processes].filter((line) => line !== "");
}

const found: string[] = [];
const alive = { run: 0, build: 0 };
for (let round = 0; round < rounds; round++) {
  const mark = `8${process.pid}${String(round).padStart(3, "0")}7`;
  const what = round % 2 === 0 ? "run" : "build";
  const file = join(folder, "killed.docker");
  writeFileSync(file, `FROM bb\nCOPY extra /\nRUN ["/bin/busybox","sleep","${mark}"]\n`);
  const args =
    what === "run"
      ? ["run", "bb", "/bin/busybox", "sleep", mark]
      : ["build", "-t", "killed", "-f", file, "--extra-files", extra];
  const child = spawn(node, [tools["docker-py"], ...args], { env, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await sleep(Math.random() * 1500);
  child.kill("SIGKILL");
  await ended;
  const before = leftovers(mark).length;
  if (before > 0) alive[what] += 1;
  const clean = spawnSync(node, [tools.container, "clean"], { env, encoding: "utf8" });
  const after = leftovers(mark);
  if (after.length > 0 || clean.status !== 0)
    found.push(`round ${round} (${what}): ${after.join("; ")} ${clean.stderr}`);
}
for (const line of found) console.log(line);
console.log(
  `${rounds} kills, ${alive.run} runs and ${alive.build} builds had left something; after clean: leftovers in ${found.length}`,
);
process.exitCode = found.length === 0 ? 0 : 1;
