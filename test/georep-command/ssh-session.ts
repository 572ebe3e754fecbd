import { appendFileSync, mkdirSync } from "node:fs";

import { program } from "../program.ts";
import type { Place } from "./place.ts";
import type { Sshd } from "./sshd.ts";

export const gsyncd = program("gsyncd");

// The host key goes to a file of the test's own instead of the user's known_hosts.
export const trusting = ({ knownHosts }: Sshd, key: string) =>
  `ssh-options=-oBatchMode=yes -oStrictHostKeyChecking=accept-new -oUserKnownHostsFile=${knownHosts} -i ${key}`;

/** A key for a place's source and a destination, as `belay georep key` makes it. */
export async function makeKey(place: Place, destination: string): Promise<{ key: string; line: string }> {
  const [told] = await place.lines("key", "src", destination, "--remote-gsyncd", gsyncd);
  return { key: String(told?.["key"]), line: String(told?.["authorizedKeysLine"]) };
}

/**
 * Creates a session through sshd, with the key that is for it alone.
 *
 * @param restrict  changes the line of authorized_keys
 * @param words  more of the call
 */
export async function createThroughKey(
  place: Place,
  sshd: Sshd,
  { restrict = (line) => line, words = [] }: { restrict?: (line: string) => string; words?: readonly string[] } = {},
): Promise<void> {
  const destination = `${sshd.host}:${place.destination}`;
  const { key, line } = await makeKey(place, destination);
  appendFileSync(sshd.authorizedKeys, `${restrict(line)}\n`);
  mkdirSync(place.destination, { recursive: true });
  const create = ["create", "src", destination, "--ssh-port", String(sshd.port), "--option", trusting(sshd, key)];
  const { code, err } = await place.georep(...create, "--no-verify", ...words);
  if (code !== 0) throw new Error(err);
}
