import { userInfo } from "node:os";
import { isAbsolute, join } from "node:path";

/** Where a user without privileges keeps state: `$XDG_STATE_HOME`, or `.local/state` in the home directory. */
export function userStateDirectory(env: NodeJS.ProcessEnv): string {
  return absolute(env["XDG_STATE_HOME"]) ?? join(homeDirectory(env), ".local", "state");
}

/** `$XDG_RUNTIME_DIR`, where there is one. */
export function userRunDirectory(env: NodeJS.ProcessEnv): string | undefined {
  return absolute(env["XDG_RUNTIME_DIR"]);
}

// A program that is started by cron or a unit need not be told where its home is.
function homeDirectory(env: NodeJS.ProcessEnv): string {
  return absolute(env["HOME"]) ?? listedHome() ?? "/";
}

function listedHome(): string | undefined {
  try {
    return absolute(userInfo().homedir);
  } catch {
    return undefined; // a user id that nobody has
  }
}

// Empty and relative ones say nothing (XDG Base Directory Specification).
function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
