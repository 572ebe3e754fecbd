import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { BelayError, run } from "@belay/supervise";
import { makeDirectory } from "../tree/make-directory.ts";
import { pathOf } from "./ends.ts";
import { intoState } from "./into-state.ts";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";

/** A key pair for one session, and what the other side has to know of it. */
export interface SessionKey {
  /** The private key. */
  readonly file: string;
  /** Line for `authorized_keys`: the key may serve this session and nothing else. */
  readonly line: string;
}

/** Where the key pair of a session is when `belay georep key` made it. */
export function ownKeyFile({ keyDirectory }: GeorepPlaces, { id }: KnownSession): string {
  return join(keyDirectory, id);
}

/**
 * The private key a session connects with: the one that was named, else its own if there is one; undefined: ssh finds one by itself.
 *
 * @throws BelayError `ESSHKEY` for one that cannot be used
 */
export function keyFileFor(places: GeorepPlaces, known: KnownSession, given: string | undefined): string | undefined {
  const own = ownKeyFile(places, known);
  const file = given === undefined ? own : resolve(given);
  if (/\s/.test(file)) {
    throw new BelayError("ESSHKEY", `${file}: ssh-options are cut at blanks, so the path of a key cannot have any`, {
      hint: "link or copy the key to another place",
    });
  }
  if (existsSync(file)) return file;
  if (given === undefined) return undefined;
  throw new BelayError("ESSHKEY", `there is no key ${file}`, { hint: "name the private key, not the public one" });
}

/**
 * The key of a session, made if there is none yet.
 *
 * @param identity  a key of the user's own instead
 * @param gsyncd  gsyncd on the other side, for the forced command
 */
export async function sessionKey(
  places: GeorepPlaces,
  known: KnownSession,
  { identity, gsyncd = "gsyncd" }: { identity?: string | undefined; gsyncd?: string | undefined } = {},
): Promise<SessionKey> {
  const file = identity === undefined ? await makeOwnKey(places, known) : keyFileFor(places, known, identity);
  if (file === undefined) throw new BelayError("ESSHKEY", "there is no key");
  return { file, line: authorizedLine(known, readPublicKey(file), gsyncd) };
}

/**
 * `command="…",restrict TYPE KEY COMMENT`: no terminal, no forwarding, and of gsyncd only the receiving end of this session, for its
 * destination. The other side's shell takes the command apart.
 */
export function authorizedLine({ id, destination }: KnownSession, publicKey: string, gsyncd: string): string {
  const root = shellWord(`--only-root=${pathOf(destination)}`);
  const command = `${gsyncd} --only-session=${id} ${root}`.replaceAll('"', '\\"');
  return `command="${command}",restrict ${publicKey}`;
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

async function makeOwnKey(places: GeorepPlaces, known: KnownSession): Promise<string> {
  const file = ownKeyFile(places, known);
  if (existsSync(file) && existsSync(`${file}.pub`)) return file;
  await intoState(places.keyDirectory, () => makeDirectory(places.keyDirectory, 0o700));
  // Without an answer on stdin ssh-keygen does not replace a file that is there.
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `belay-georep ${known.name}`, "-f", file]);
  return file;
}

function readPublicKey(file: string): string {
  try {
    return readFileSync(`${file}.pub`, "utf8").trim();
  } catch (error) {
    throw new BelayError("ESSHKEY", `${file}.pub cannot be read`, {
      hint: `make it: ssh-keygen -y -f ${file} > ${file}.pub`,
      cause: error,
    });
  }
}
