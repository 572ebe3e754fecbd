import { readlinkSync } from "node:fs";

import { isSecondaryOf } from "./came-with.ts";

// Short flags of rsync's receiving end come in one word, with the protocol's own letters after `e`. Not among them: `s` (the other words, the
// place too, would come through stdin, where nobody checks them), `K` (follows links to directories), and those that take a value.
const shortFlags = /^-[lHogDtpAXRrcuvqnWxIizSmEOJUNaP]*(?:e[\d.][\d.A-Za-z]*)?$/;
const longFlags =
  /^--(?:server|inplace|existing|ignore-missing-args|xattrs|acls|super|stats|numeric-ids|no-implied-dirs|partial|append|append-verify|whole-file|no-whole-file|fake-super|timeout=\d+|log-format=[%\w]*|bwlimit=\d+)$/;

/**
 * Tells whether a call is the receiving end of rsync for files of a session: `--server`, known flags, `.`, and the working directory of a
 * receiving end that came through the same connection.
 *
 * @param env  of this process; ssh's own variable tells connections apart
 */
export function isRsyncOfOurs(args: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const flags = args.slice(0, -2);
  const [dot, target = ""] = args.slice(-2);
  if (dot !== "." || flags[0] !== "--server") return false;
  if (!flags.every((flag) => longFlags.test(flag) || shortFlags.test(flag))) return false;
  const pid = /^\/proc\/([1-9]\d*)\/cwd\/?$/.exec(target)?.[1];
  return pid !== undefined && isOurSecondary(pid, env["SSH_CONNECTION"]);
}

function isOurSecondary(pid: string, connection = ""): boolean {
  try {
    return isSecondaryOf(pid, connection) && readlinkSync(`/proc/${pid}/cwd`) !== "/";
  } catch {
    return false; // gone, or not ours to look at
  }
}
