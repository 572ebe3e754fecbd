/**
 * An engine that does nothing but write down how it was called. For comparing the order of calls only: what engines do is tested
 * with real ones.
 *
 * Called as `node stand-in-engine.ts NAME ARGS…` by small scripts named podman, docker and sudo. `STAND_IN_LOG` is the file to append to,
 * `STAND_IN_ANSWERS` a JSON file: first matching rule answers.
 */
import { createHash } from "node:crypto";
import { appendFileSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** How the stand-in answers a call whose words begin with `words`; `*` stands for any one word. */
export interface Answer {
  readonly words: readonly string[];
  readonly status?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** Ends by this signal instead of leaving with a status. */
  readonly signal?: NodeJS.Signals;
}

/** One call as it is written down. */
export interface RecordedCall {
  readonly argv: readonly string[];
  /** Only what the engine is meant to see. */
  readonly env: Readonly<Record<string, string>>;
  /** Nobody sees what it prints on stdout. */
  readonly quiet?: true;
  /** What it was given on stdin, of calls that say that they read it (`-i`). */
  readonly stdin?: string;
  /** The folder given to `build`, or the archive on stdin: path → mode and digest, or target of a link. */
  readonly context?: Readonly<Record<string, string>>;
  /** The Dockerfile of `build`. */
  readonly dockerfile?: string;
}

const watched = ["DOCKER_BUILDKIT", "TRAVIS", "GITLAB_CI"];

/** The beginning of a digest; enough to tell files apart. */
export function digest(data: Uint8Array): string {
  return createHash("sha1").update(data).digest("hex").slice(0, 12);
}

function listFolder(folder: string, below = ""): [string, string][] {
  return readdirSync(join(folder, below)).flatMap((name): [string, string][] => {
    const path = join(below, name);
    const found = lstatSync(join(folder, path));
    if (found.isDirectory()) return listFolder(folder, path);
    if (found.isSymbolicLink()) return [[path, `-> ${readlinkSync(join(folder, path))}`]];
    // The Dockerfile has a random name and is written down by itself.
    if (/^tmp[a-z0-9_]{8}\.docker$/.test(path)) return [["DOCKERFILE", (found.mode & 0o7777).toString(8)]];
    return [[path, `${(found.mode & 0o7777).toString(8)} ${digest(readFileSync(join(folder, path)))}`]];
  });
}

async function listArchive(): Promise<{ context: Record<string, string>; dockerfile: string }> {
  const entries: [string, string][] = [];
  let dockerfile = "";
  const { extract } = await import("tar-stream");
  const reader = extract();
  process.stdin.pipe(reader);
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const data = Buffer.concat(chunks);
    const mode = (entry.header.mode & 0o7777).toString(8);
    if (entry.header.name === "Dockerfile") dockerfile = data.toString();
    entries.push([entry.header.name, `${entry.header.type} ${mode} ${digest(data)}`]);
  }
  return { context: Object.fromEntries(entries), dockerfile };
}

async function describe(argv: readonly string[]): Promise<RecordedCall> {
  const env = Object.fromEntries(
    watched.flatMap((name) => (name in process.env ? [[name, process.env[name] ?? ""]] : [])),
  );
  const quiet = readlinkSync("/proc/self/fd/1") === "/dev/null" ? ({ quiet: true } as const) : {};
  const build = argv.indexOf("build");
  if (argv.includes("-i")) return { argv, env, ...quiet, stdin: readFileSync(0, "utf8") };
  if (build < 1 || build > 3) return { argv, env, ...quiet };
  if (argv.at(-1) === "-") return { argv, env, ...quiet, ...(await listArchive()) };
  const context = argv.at(-1) ?? "";
  const dockerfile = readFileSync(argv[argv.indexOf("-f") + 1] ?? "", "utf8");
  return { argv, env, ...quiet, context: Object.fromEntries(listFolder(context).sort()), dockerfile };
}

function matches(answer: Answer, argv: readonly string[]): boolean {
  return answer.words.every((word, index) => word === "*" || word === argv[index]);
}

if (process.argv[1]?.endsWith("stand-in-engine.ts") === true) {
  const argv = process.argv.slice(2);
  appendFileSync(process.env["STAND_IN_LOG"] ?? "", `${JSON.stringify(await describe(argv))}\n`);
  const answers = JSON.parse(readFileSync(process.env["STAND_IN_ANSWERS"] ?? "", "utf8")) as Answer[];
  const answer = answers.find((each) => matches(each, argv));
  process.stdout.write(answer?.stdout ?? "");
  process.stderr.write(answer?.stderr ?? "");
  process.exitCode = answer?.status ?? 0;
  if (answer?.signal !== undefined) process.kill(process.pid, answer.signal);
}
