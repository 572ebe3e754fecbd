import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";

import { program } from "../program.ts";

const belayFile = program("belay");

/** How a call of belay ended. */
export interface Call {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A machine of its own for `belay georep`, as far as files go; disposing of it ends what was started in it. */
export interface Place extends AsyncDisposable {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  readonly source: string;
  readonly destination: string;
  /** `belay georep …`, run to its end. */
  georep(...words: string[]): Promise<Call>;
  /** The same, with `--json`: the lines it printed. */
  lines(...words: string[]): Promise<Record<string, unknown>[]>;
  /** One session's status. */
  status(): Promise<Record<string, unknown>>;
}

export function makePlace(): Place {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "belay-test-georep-")));
  const env = {
    ...process.env,
    BELAY_GEOREP_DIR: join(path, "belay"),
    BELAY_RUN_DIR: join(path, "run"),
    HOME: path,
  };
  const [source, destination] = [join(path, "src"), join(path, "dst")];
  mkdirSync(source);
  const georep = (...words: string[]) => callBelay(["georep", ...words], env, path);
  const lines = async (...words: string[]) => {
    const { code, out, err } = await georep(...words, "--json");
    if (code !== 0) throw new Error(`belay georep ${words.join(" ")}: ${code}: ${err}`);
    return out
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return {
    path,
    env,
    source,
    destination,
    georep,
    lines,
    status: async () => (await lines("status"))[0] ?? {},
    [Symbol.asyncDispose]: async () => {
      for (const { name } of await lines("list")) await georep("stop", String(name), "--journal", "--grace", "2");
      rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function callBelay(words: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<Call> {
  const child = spawn(belayFile, words, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  const texts = { out: "", err: "" };
  child.stdout.on("data", (bytes: Buffer) => (texts.out += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (texts.err += bytes.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...texts };
}

/** Starts `belay georep …` without waiting for its end. */
export function startBelay(place: Place, ...words: string[]) {
  return spawn(belayFile, ["georep", ...words], { env: place.env, cwd: place.path, stdio: ["ignore", "pipe", "pipe"] });
}

/** Stands for any text that matches. */
export function matching(pattern: RegExp): string {
  return expect.stringMatching(pattern) as string;
}
