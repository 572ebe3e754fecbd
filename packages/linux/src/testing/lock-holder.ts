import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Another process that holds a write lock on bytes 10 to 29 of a file. */
export interface LockHolder extends AsyncDisposable {
  readonly pid: number;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
}

export async function lockHolder(path: string): Promise<LockHolder> {
  const program = fileURLToPath(new URL("lock-holder.child.ts", import.meta.url));
  const child = spawn(process.execPath, [program, path], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  const kill = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  return { pid: child.pid ?? 0, kill, [Symbol.asyncDispose]: kill };
}
