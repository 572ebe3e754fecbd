import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The Python that has ZODB. */
export const PYTHON =
  process.env["BELAY_PYTHON"] ?? fileURLToPath(new URL("../../../.venv/bin/python", import.meta.url));

/** False where there is no Python with ZODB: the tests then report themselves as skipped. */
export const havePython = existsSync(PYTHON);

if (!havePython) console.warn(`no ${PYTHON}: tests against Python's ZODB are skipped; set BELAY_PYTHON to run them`);

/** A process that answers one JSON object a line with another. */
export interface JsonChild extends AsyncDisposable {
  readonly pid: number;
  /** @throws when no answer comes in time (milliseconds), or the process ends */
  ask<T>(request: object, timeout?: number): Promise<T>;
}

/** Starts a script of `test/wcfs/python/`. */
export function startPython(script: string, args: readonly string[] = []): JsonChild {
  const path = fileURLToPath(new URL(`../python/${script}`, import.meta.url));
  const child = spawn(PYTHON, [path, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const waiting: ((line: string | undefined) => void)[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => waiting.shift()?.(line));
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      for (const wake of waiting.splice(0)) wake(undefined);
      resolve();
    });
  });
  return {
    pid: child.pid ?? 0,
    async ask<T>(request: object, timeout = 10_000): Promise<T> {
      const text = JSON.stringify(request);
      if (child.exitCode !== null) throw new Error(`${script} has ended`);
      child.stdin.write(`${text}\n`);
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      waiting.push(resolve);
      const timer = setTimeout(() => resolve("timeout"), timeout);
      const line = await promise;
      clearTimeout(timer);
      if (line === "timeout") throw new Error(`${script}: no answer within ${timeout} ms to ${text.slice(0, 200)}`);
      if (line === undefined) throw new Error(`${script} ended instead of answering ${text.slice(0, 200)}`);
      return JSON.parse(line) as T;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), 2000);
      await exited;
      clearTimeout(timer);
    },
  };
}
