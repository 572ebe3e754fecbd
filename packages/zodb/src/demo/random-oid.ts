import { randomBytes } from "node:crypto";
import type { Oid } from "../ids/oid.ts";

/** A number of 62 bits that is not 0. */
export function randomOid(): Oid {
  return (randomBytes(8).readBigUInt64BE() >> 2n) | 1n;
}
