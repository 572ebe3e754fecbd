/**
 * C structures as byte buffers. All Linux machines this project runs on are little-endian; offsets are those of the
 * 64-bit ABI.
 */

/**
 * Writes a 64-bit value at a byte offset; numbers must be safe integers. Negative values are stored in two's
 * complement.
 */
export function putInt64(struct: Buffer, offset: number, value: number | bigint): void {
  struct.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)), offset);
}

/** Writes the low 32 bits of a value, signed or not. */
export function putInt32(struct: Buffer, offset: number, value: number): void {
  struct.writeInt32LE(value | 0, offset);
}

/** Reads an unsigned 64-bit value as number; exact up to 2^53. */
export function getUint64(struct: Buffer, offset: number): number {
  return struct.readUInt32LE(offset + 4) * 0x1_0000_0000 + struct.readUInt32LE(offset);
}

/** Reads a signed 64-bit value as number; exact within ±2^53. */
export function getInt64(struct: Buffer, offset: number): number {
  return struct.readInt32LE(offset + 4) * 0x1_0000_0000 + struct.readUInt32LE(offset);
}
