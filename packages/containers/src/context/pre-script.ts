import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { extname } from "node:path";
import { onAbort } from "@belay/supervise";

/** Path of the script that prepares a Dockerfile's context: its own name with the suffix `.pre`; undefined when there is none. */
export function preScript(dockerfile: string): string | undefined {
  const suffix = extname(dockerfile);
  const path = `${suffix === "" ? dockerfile : dockerfile.slice(0, -suffix.length)}.pre`;
  return existsSync(path) ? path : undefined;
}

/**
 * Runs a script inside the context.
 *
 * @param env its environment: that of the engine's calls
 * @returns exit status, or minus the number of the signal that killed it; 3 asks to skip the image
 * @throws errno errors of spawning (EACCES: not executable)
 */
export function runPreScript(
  path: string,
  context: string,
  quiet: boolean,
  toStderr: boolean,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const stdout = quiet ? "ignore" : toStderr ? 2 : "inherit";
    const child = spawn(realpathSync(path), [], { cwd: context, env, stdio: ["inherit", stdout, "inherit"] });
    const stopping = onAbort(signal, () => child.kill("SIGTERM"));
    child.once("error", reject);
    child.once("exit", (code, name) => {
      stopping[Symbol.dispose]();
      if (code !== null) resolve(code);
      else
        void import("node:os").then(({ constants }) => resolve(name === null ? -1 : -constants.signals[name]), reject);
    });
  });
}
