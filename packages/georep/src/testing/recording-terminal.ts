import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gsyncdMain } from "../cli/gsyncd-main.ts";
import type { Roles } from "../cli/roles.ts";

/** What a call printed, and how it ended. */
export interface Call {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** Folders of a gsyncd that has nothing to do with this machine's. */
export interface Place extends Disposable {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  file(name: string): string;
  call(...argv: string[]): Promise<Call>;
}

export function makePlace(more: NodeJS.ProcessEnv = {}, roles?: Roles): Place {
  const path = mkdtempSync(join(tmpdir(), "belay-test-"));
  const env = { _GLUSTERD_CALLED_: "1", GLUSTERD_WORKDIR: path, DEFAULT_VAR_RUN_DIRECTORY: join(path, "run"), ...more };
  return {
    path,
    env,
    file: (name) => join(path, name),
    call: (...argv) => callGsyncd(argv, env, roles),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

export async function callGsyncd(argv: readonly string[], env: NodeJS.ProcessEnv, roles?: Roles): Promise<Call> {
  let out = "";
  let err = "";
  const code = await gsyncdMain(argv, env, roles, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    isForPeople: false,
  });
  return { out, err, code };
}
