import { userError } from "@belay/supervise";
import type { Oid, Tid } from "@belay/zodb";

/** What the server asks for: the block is to be shown as of `rev`; undefined: as it is under head. */
export interface PinRequest {
  readonly oid: Oid;
  readonly blk: number;
  readonly rev: Tid | undefined;
}

/**
 * Parses `pin <oid> #<blk> @<rev|head>`.
 *
 * @throws BelayError `EPROTO`
 */
export function parsePinRequest(message: string): PinRequest {
  const bad = (why: string) => userError("EPROTO", `bad pin: '${message}': ${why}`);
  if (!message.startsWith("pin ")) throw bad("not a pin request");
  const words = message.slice("pin ".length).split(" ");
  const [oid = "", blk = "", at = ""] = words;
  if (words.length !== 3) throw bad(`expected 3 arguments, got ${words.length}`);
  if (!hex16.test(oid)) throw bad("invalid foid");
  if (!/^#[0-9]+$/.test(blk) || !Number.isSafeInteger(Number(blk.slice(1)))) throw bad("invalid blk");
  if (at !== "@head" && !(at.startsWith("@") && hex16.test(at.slice(1)))) throw bad("invalid at");
  const rev = at === "@head" ? undefined : BigInt(`0x${at.slice(1)}`);
  return { oid: BigInt(`0x${oid}`), blk: Number(blk.slice(1)), rev };
}

const hex16 = /^[0-9a-f]{16}$/i;
