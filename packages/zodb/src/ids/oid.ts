import { parseHex16 } from "./hex.ts";

/** Identifies an object of a database: 8 bytes, compared unsigned. */
export type Oid = bigint;

/** The root object, from which all others are reached. */
export const ROOT_OID: Oid = 0n;

/** Sixteen hexadecimal digits, as ZODB prints an oid. */
export function formatOid(oid: Oid): string {
  return oid.toString(16).padStart(16, "0");
}

/** @throws ZodbError `EFORMAT` unless the text is exactly 16 hexadecimal digits */
export function parseOid(text: string): Oid {
  return parseHex16(text, "oid");
}

/** Eight bytes, big-endian. */
export function oidToBytes(oid: Oid): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(oid);
  return bytes;
}

/** @param offset  where in `bytes` the eight bytes of the oid start */
export function oidFromBytes(bytes: Uint8Array, offset = 0): Oid {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(offset);
}
