import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { digest } from "./stand-in-engine.ts";
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
  /** Links: name → target. */
  readonly links?: Readonly<Record<string, string>>;
  /** What is on stdin. Default: nothing. */
  readonly stdin?: string;
  /** Engines that are not installed. */
  readonly absent?: readonly string[];
  /** Answers of the engines; a call no rule matches succeeds silently. */
  readonly answers?: readonly Answer[];
  /** Where we do better than the Python tool on purpose: what is printed or left instead, and why. */
  readonly better?: {
    readonly why: string;
    readonly stdout?: string;
    readonly status?: number;
    readonly calls?: number;
  };
  /** A program of this machine that goes in. What `ldd` says of it takes the place of its libraries in the recording. */
  readonly program?: string;
}

/** What a tool did, with everything random or of this machine replaced by words. */
export interface Recording {
  readonly status: number | null;
  readonly stdout: string;
  /** What of the engines' words on stderr was to be seen on the tool's. */
  readonly heard?: readonly string[];
  readonly calls: readonly RecordedCall[];
  /** Names left in the directory for temporary files. */
  readonly left: readonly string[];
}

// Each case starts three runtimes or more, which would compile the same sources each time.
const cacheFolder = process.env["NODE_COMPILE_CACHE"];
const compileCache = cacheFolder === undefined ? {} : { NODE_COMPILE_CACHE: cacheFolder };

const standIn = `exec ${join(repository, "node_modules/.bin/node")} ${join(import.meta.dirname, "stand-in-engine.ts")}`;

// Every command line begins with a call of `version`. Where nothing is to be said about it, it is written down without starting a runtime.
function quickVersion(folder: string, name: string, { answers = [], env, absent }: Case): string {
  const special = [env, absent].some((each) => each !== undefined);
  if (special || answers.some(({ words }) => words[0] === name && (words[1] ?? "version") === "version")) return "";
  const quiet = `$([ "$(readlink /proc/$$/fd/1)" = /dev/null ] && echo ',"quiet":true')`;
  return `if [ "$*" = version ]; then printf '{"argv":["${name}","version"],"env":{}%s}\\n' "${quiet}" >> ${join(folder, "log.jsonl")}; exit; fi\n`;
}

/** Lays out the files of a case below a folder. */
export function prepare(folder: string, each: Case): void {
  const scripts = Object.fromEntries(
    ["podman", "docker", "sudo"].map((name) => [`bin/${name}`, `#!/bin/sh\n${quickVersion(folder, name, each)}${standIn} ${name} "$@"\n`]), // prettier-ignore
  );
  const all = { ...scripts, "answers.json": JSON.stringify(each.answers ?? []), ...each.files };
  for (const [name, text] of Object.entries(all)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (name.startsWith("bin/") || name.endsWith(".pre")) chmodSync(path, 0o755);
  }
  for (const name of each.absent ?? []) rmSync(join(folder, "bin", name));
  for (const [name, target] of Object.entries(each.links ?? {})) symlinkSync(target, join(folder, name));
  mkdirSync(join(folder, "tmp"), { recursive: true });
  mkdirSync(join(folder, "run"), { recursive: true });
}

/** Runs a tool on a prepared case. @param tool program and its first words */
export function record(folder: string, each: Case, tool: readonly string[]): Recording {
  const log = join(folder, "log.jsonl");
  writeFileSync(log, "");
  const [name = "", ...first] = tool;
  const program = name === "python3" ? "/usr/bin/python3" : name;
  const env = {
    // Where an engine is to be absent, the machine's own must not take its place.
    PATH: each.absent === undefined ? `${join(folder, "bin")}:/usr/bin:/bin` : join(folder, "bin"),
    HOME: folder,
    LANG: "C.UTF-8",
    COLUMNS: "80",
    TMPDIR: join(folder, "tmp"),
    BELAY_RUN_DIR: join(folder, "run"),
    BELAY_ARGV0: join(folder, "docker.py"),
    STAND_IN_LOG: log,
    STAND_IN_ANSWERS: join(folder, "answers.json"),
    PYTHONWARNINGS: "ignore",
    ...compileCache,
    ...each.env,
  };
  const argv = each.argv.map((word) => word.replaceAll("WORK", folder));
  const result = spawnSync(program, [...first, ...argv], {
    cwd: folder,
    env,
    encoding: "utf8",
    timeout: 30_000,
    input: each.stdin ?? "",
  });
  const tidy = (text: string): string => normalise(text, folder);
  const lines = readFileSync(log, "utf8").split("\n").filter((line) => line !== ""); // prettier-ignore
  return {
    status: result.status,
    stdout: tidy(result.stdout),
    heard: (each.answers ?? []).flatMap(({ stderr = "" }) => (stderr !== "" && result.stderr.includes(stderr) ? [stderr] : [])), // prettier-ignore
    calls: lines.map((line) => withoutLibraries(JSON.parse(tidy(line)) as RecordedCall, each.program)),
    left: spawnSync("ls", ["-A", join(folder, "tmp")], { encoding: "utf8" }).stdout.split("\n").filter(Boolean).map(tidy), // prettier-ignore
  };
}

// An answer that neither tool had a hand in, so that the recording holds on other machines too.
function withoutLibraries(call: RecordedCall, program: string | undefined): RecordedCall {
  if (program === undefined || call.context === undefined) return call;
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  const libraries = [...stdout.matchAll(/(?:\S+ => )?(\/\S+) \(0x/g)].map(([, path = ""]) => path);
  const context = { ...call.context };
  for (const path of libraries) {
    const name = path.slice(1);
    const mode = (statSync(path).mode & 0o7777).toString(8);
    if (context[name] === `${mode} ${digest(readFileSync(path))}`) context[name] = "as on this machine";
  }
  const rest = Object.entries(context).filter(([, value]) => value !== "as on this machine");
  const found = Object.keys(context).length - rest.length;
  const told = found === libraries.length ? "all there" : `${found} of ${libraries.length}`;
  const own = digest(readFileSync(program));
  const named = rest.map(([name, value]) => [name, value.replace(own, "PROGRAM")] as const);
  return { ...call, context: { ...Object.fromEntries(named), LIBRARIES: told } };
}

function normalise(text: string, folder: string): string {
  const { username, uid } = userInfo();
  return text
    .replace(/docker_build[\w-]+/g, "CONTEXT")
    .replace(/tmp[a-z0-9_]{8}\.docker/g, "DOCKERFILE")
    .replaceAll(folder, "WORK")
    .replaceAll(folder.slice(1), "WORK")
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
