/**
 * Carries out calls of gsyncd, the reference's or ours, where it cannot change anything of this machine: in a mount namespace with empty
 * folders for the state and the logs of Gluster. Reads a {@link Job} from stdin and writes the results to stdout.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gsyncdMain } from "@belay/georep";
import { trySetLock, wholeFileLock } from "@belay/linux";
import { sessionFolder, type CallResult, type Job, type Step } from "./calls.ts";

const folders = ["/var/lib/glusterd", "/var/log/glusterfs", "/var/lib/misc", "/var/run/gluster"];
const env = { PATH: process.env["PATH"], HOME: "/root", _GLUSTERD_CALLED_: "1" };

function emptyFolders(): void {
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "none", folder]);
  }
}

function fresh(): void {
  for (const folder of folders) execFileSync("find", [folder, "-mindepth", "1", "-delete"]);
  mkdirSync(sessionFolder, { recursive: true });
  mkdirSync("/var/log/glusterfs/geo-replication");
}

function holdPidFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, "w+");
  // Of the kind that other parts of this process see too: our calls are made in it.
  if (!trySetLock(fd, wholeFileLock, "description")) throw new Error(`${path} is taken`);
}

async function carryOut(reference: string | undefined, step: Step): Promise<CallResult> {
  for (const [path, text] of Object.entries(step.files ?? {})) {
    if (text === null) rmSync(path, { recursive: true, force: true });
    else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }
  if (step.hold !== undefined) holdPidFile(step.hold);
  const result = reference === undefined ? await callOurs(step.argv) : callReference(reference, step.argv);
  return { ...result, files: Object.fromEntries((step.show ?? []).map((path) => [path, contentOf(path)])) };
}

function contentOf(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  return stats.isDirectory() ? "a folder" : readFileSync(path, "utf8");
}

function callReference(program: string, argv: readonly string[]): Omit<CallResult, "files"> {
  const { stdout, stderr, status } = spawnSync(program, argv, { env, cwd: "/", encoding: "utf8", timeout: 30_000 });
  // Warnings of the interpreter are not the program's.
  const lines = stderr.split("\n").filter((line) => !/DeprecationWarning|^ {2}logging\./.test(line));
  return { stdout, stderr: lines.join("\n"), code: status ?? -1 };
}

async function callOurs(argv: readonly string[]): Promise<Omit<CallResult, "files">> {
  let stdout = "";
  let stderr = "";
  const code = await gsyncdMain(argv, env, undefined, {
    out: (text) => (stdout += text),
    err: (text) => (stderr += text),
    isForPeople: false,
  });
  return { stdout, stderr, code };
}

const job = JSON.parse(readFileSync(0, "utf8")) as Job;
emptyFolders();
fresh();
const results: CallResult[] = [];
for (const step of job.steps) {
  if (step.fresh === true) fresh();
  results.push(await carryOut(job.reference, step));
}
process.stdout.write(JSON.stringify(results));
