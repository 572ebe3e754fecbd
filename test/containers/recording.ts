import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import type { Answer, RecordedCall } from "./stand-in-engine.ts";

const repository = join(import.meta.dirname, "../..");

/** One command line, and the world it is run in. */
export interface Case {
  readonly name: string;
  readonly argv: readonly string[];
  /** Variables, in this order, behind the ones every case has. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files in the working directory: name → text; those that end in `.pre` or begin with `bin/` are executable. */
  readonly files?: Readonly<Record<string, string>>;
  /** Answers of the engines; a call no rule matches succeeds silently. */
  readonly answers?: readonly Answer[];
  /** Where we do better than the Python tool on purpose: what is printed or left instead, and why. */
  readonly better?: {
    readonly why: string;
    readonly stdout?: string;
    readonly status?: number;
    readonly calls?: number;
  };
  /** What it prints depends on this machine, so only a run of the Python tool beside it tells. */
  readonly liveOnly?: boolean;
}

/** What a tool did, with everything random or of this machine replaced by words. */
export interface Recording {
  readonly status: number | null;
  readonly stdout: string;
  readonly calls: readonly RecordedCall[];
  /** Names left in the directory for temporary files. */
  readonly left: readonly string[];
}

/** Lays out the files of a case below a folder. */
export function prepare(folder: string, each: Case): void {
  const node = join(repository, "node_modules/.bin/node");
  const standIn = join(import.meta.dirname, "stand-in-engine.ts");
  const scripts = Object.fromEntries(
    ["podman", "docker", "sudo"].map((name) => [`bin/${name}`, `#!/bin/sh\nexec ${node} ${standIn} ${name} "$@"\n`]),
  );
  const all = { ...scripts, "answers.json": JSON.stringify(each.answers ?? []), ...each.files };
  for (const [name, text] of Object.entries(all)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (name.startsWith("bin/") || name.endsWith(".pre")) chmodSync(path, 0o755);
  }
  mkdirSync(join(folder, "tmp"), { recursive: true });
  mkdirSync(join(folder, "run"), { recursive: true });
}

/** Runs a tool on a prepared case. @param tool program and its first words */
export function record(folder: string, each: Case, tool: readonly string[]): Recording {
  const log = join(folder, "log.jsonl");
  writeFileSync(log, "");
  const [program = "", ...first] = tool;
  const env = {
    PATH: `${join(folder, "bin")}:/usr/bin:/bin`,
    HOME: folder,
    LANG: "C.UTF-8",
    COLUMNS: "80",
    TMPDIR: join(folder, "tmp"),
    BELAY_RUN_DIR: join(folder, "run"),
    BELAY_ARGV0: join(folder, "docker.py"),
    STAND_IN_LOG: log,
    STAND_IN_ANSWERS: join(folder, "answers.json"),
    PYTHONWARNINGS: "ignore",
    ...each.env,
  };
  const argv = each.argv.map((word) => word.replaceAll("WORK", folder));
  const result = spawnSync(program, [...first, ...argv], { cwd: folder, env, encoding: "utf8", timeout: 30_000 });
  const tidy = (text: string): string => normalise(text, folder);
  const lines = readFileSync(log, "utf8").split("\n").filter((line) => line !== ""); // prettier-ignore
  return {
    status: result.status,
    stdout: tidy(result.stdout),
    calls: lines.map((line) => JSON.parse(tidy(line)) as RecordedCall),
    left: spawnSync("ls", ["-A", join(folder, "tmp")], { encoding: "utf8" }).stdout.split("\n").filter(Boolean).map(tidy), // prettier-ignore
  };
}

function normalise(text: string, folder: string): string {
  const { username, uid } = userInfo();
  return text
    .replace(/docker_build[\w-]+/g, "CONTEXT")
    .replace(/tmp[a-z0-9_]{8}\.docker/g, "DOCKERFILE")
    .replaceAll(folder, "WORK")
    .replace(/\b[0-9a-f]{32}\b/g, "UUID")
    .replaceAll(`id ${username} 2`, "id USER 2")
    .replaceAll(`useradd -u ${uid} -U ${username}`, "useradd -u UID -U USER")
    .replaceAll(`"-u","${uid}"`, `"-u","UID"`);
}

/** Our own command line, run from source. */
export const ourTool = [
  join(repository, "node_modules/.bin/node"),
  join(repository, "packages/containers/src/cli/docker-py.main.ts"),
];

/** QEMU's script: where `BELAY_DOCKER_PY` says, or beside the repository; undefined where it is not, or Python is another than the recorded one. */
export const scriptPath = findScript();

function findScript(): string | undefined {
  const places = [process.env["BELAY_DOCKER_PY"], join(repository, "../shared/seeds/qemu-docker.py.txt")];
  const { stdout } = spawnSync("sh", ["-c", "python3 --version"], { encoding: "utf8" });
  // Newer versions word their help differently.
  if (!/^Python 3\.(9|10|11)\./.test(stdout)) return undefined;
  return places.find((each) => each !== undefined && existsSync(each));
}

/** Words that run QEMU's script from a folder, if it is there. */
export function pythonTool(folder: string): readonly string[] | undefined {
  if (scriptPath === undefined) return undefined;
  writeFileSync(join(folder, "docker.py"), readFileSync(scriptPath));
  return ["python3", join(folder, "docker.py")];
}
