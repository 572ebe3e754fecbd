import { BelayError } from "@belay/supervise";
import type { ByteSource } from "./frames.ts";

const magic = Buffer.from("BELAYGR1");

/** Of the protocol: another major number is refused, a smaller minor one is served. */
export const protocolVersion = { major: 9, minor: 0 } as const;

export type Role = "worker" | "secondary";
const roles: readonly Role[] = ["worker", "secondary"];

/** What each end says first. */
export interface Preamble {
  readonly role: Role;
  /** Letters, digits, `-` and `_`; names the state at the destination. */
  readonly session: string;
  /** Bytes of requests that may be under way at once. */
  readonly credit: number;
}

/** A session id that can be the name of a directory. */
export const isSessionId = (text: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(text);

const length = magic.length + 2 + 1 + 4 + 64;

export function encodePreamble({ role, session, credit }: Preamble): Buffer {
  const bytes = Buffer.alloc(length);
  magic.copy(bytes);
  bytes.writeUInt8(protocolVersion.major, 8);
  bytes.writeUInt8(protocolVersion.minor, 9);
  bytes.writeUInt8(roles.indexOf(role), 10);
  bytes.writeUInt32LE(credit, 11);
  bytes.write(session, 15, "latin1");
  return bytes;
}

/**
 * Takes what the other end says first.
 *
 * @throws BelayError EPROTO with what it seems to be instead
 */
export async function readPreamble(queue: ByteSource, expected: Role): Promise<Preamble> {
  const start = await queue.take(magic.length);
  if (start === undefined) throw notOurs("the peer closed the connection before it said anything");
  if (!start.equals(magic)) throw notOurs(whatItIs(start));
  const rest = await queue.take(length - magic.length);
  if (rest === undefined) throw notOurs("the peer closed the connection before it said its version");
  const [major, minor] = [rest.readUInt8(0), rest.readUInt8(1)];
  if (major !== protocolVersion.major)
    throw notOurs(
      `the peer speaks version ${major}.${minor} of the protocol, this is ${protocolVersion.major}.${protocolVersion.minor}`,
    );
  const session = rest.toString("latin1", 7).replace(/\0+$/, "");
  const role = roles[rest.readUInt8(2)];
  if (role !== expected || !isSessionId(session)) throw notOurs("the peer says that it is something else");
  return { role, session, credit: rest.readUInt32LE(3) };
}

function whatItIs(start: Buffer): string {
  if (start[0] === 0x80)
    return "the peer speaks in pickles: it runs the Python gsyncd, which this program does not talk to";
  return `the peer does not speak the replication protocol; it said ${JSON.stringify(start.toString("latin1"))}`;
}

function notOurs(what: string): BelayError {
  return new BelayError("EPROTO", what, { hint: "both ends have to run the same version of this program" });
}
