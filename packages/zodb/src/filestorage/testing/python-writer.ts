import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { PYTHON } from "../../testing/python.ts";
import { script } from "./python-database.ts";

/** A process in which Python's ZODB writes to a database. */
export interface PythonWriter extends AsyncDisposable {
  readonly pid: number;
  /** Packs so far. */
  packs(): number;
  /** Lets it finish what it does, close the database and end. */
  stop(): Promise<void>;
}

/** Starts writer.py and waits for its first commit. @param packs  pack after every so many commits; 0: never */
export async function startPythonWriter(path: string, options: { seed: number; packs: number }): Promise<PythonWriter> {
  const args = ["-c", script("writer.py"), path, String(options.seed), String(options.packs)];
  const child = spawn(PYTHON, args, { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines = createInterface(child.stdout);
  let packs = 0;
  lines.on("line", (line) => (packs += line === "packed" ? 1 : 0));
  await Promise.race([once(lines, "line"), exited.then(() => Promise.reject(new Error("the writer ended")))]);
  if (child.pid === undefined) throw new Error("the writer did not start");
  return {
    pid: child.pid,
    packs: () => packs,
    stop: async () => {
      child.stdin.end();
      const [status] = (await exited) as [number | null];
      if (status !== 0) throw new Error(`the writer ended with ${status}`);
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null) child.kill("SIGKILL");
      await exited;
    },
  };
}
