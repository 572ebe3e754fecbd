import { readdirSync, readlinkSync } from "node:fs";

import { receivingTar } from "../../engines/program/receiving-tar.ts";
import { isSecondaryOf } from "./came-with.ts";

const stagePath = /^\/[\w./@+,=-]*\/\.belay-georep\/[\w-]{1,64}\/stage$/;

// No letter that lets the receiving end make links or devices, or follow them.
const shortFlags = /^-[IRSWzvq]*(?:e[\d.]*[A-Za-z]*)?$/;
const longFlags =
  /^--(?:server|stats|no-implied-dirs|no-relative|partial|inplace|whole-file|no-whole-file|new-compress|old-compress|compress-choice=\w+|timeout=\d+|bwlimit=\d+)$/;

/** Tells whether a call is rsync's receiving end for the files that a worker sends: known flags, `.`, and where its secondary waits for them. */
export function isRsyncToStage(args: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const flags = args.slice(0, -2);
  const [dot, target = ""] = args.slice(-2);
  if (dot !== "." || flags[0] !== "--server") return false;
  if (!flags.every((flag) => longFlags.test(flag) || shortFlags.test(flag))) return false;
  return isStageOfOurs(target.replace(/\/$/, ""), env);
}

/** Tells whether a call is tar's receiving end for the files that a worker sends, word for word. */
export function isTarToStage(args: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const stage = args[args.indexOf("-C") + 1] ?? "";
  const expected = receivingTar(stage);
  return args.length === expected.length && expected.every((word, i) => word === args[i]) && isStageOfOurs(stage, env);
}

// A secondary that came through the same connection has the directory open.
function isStageOfOurs(path: string, env: NodeJS.ProcessEnv): boolean {
  const connection = env["SSH_CONNECTION"] ?? "";
  if (connection === "" || !stagePath.test(path) || path.split("/").includes("..")) return false;
  return readdirSync("/proc").some((pid) => /^\d+$/.test(pid) && holds(pid, path, connection));
}

function holds(pid: string, path: string, connection: string): boolean {
  try {
    if (!isSecondaryOf(pid, connection)) return false;
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === path);
  } catch {
    return false; // gone, or not ours to look at
  }
}
