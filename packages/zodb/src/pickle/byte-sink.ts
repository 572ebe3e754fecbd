import { op } from "./machine.ts";

/** Bytes being gathered; grows by doubling. */
export class ByteSink {
  private buffer = Buffer.allocUnsafe(256);
  private size = 0;

  byte(value: number): void {
    this.room(1);
    this.buffer[this.size++] = value;
  }

  /** The opcode of a printable instruction name. */
  op(char: string): void {
    this.byte(op(char));
  }

  bytes(value: Uint8Array): void {
    this.room(value.length);
    this.buffer.set(value, this.size);
    this.size += value.length;
  }

  uint16LE(value: number): void {
    this.room(2);
    this.size = this.buffer.writeUInt16LE(value, this.size);
  }

  uint32LE(value: number): void {
    this.room(4);
    this.size = this.buffer.writeUInt32LE(value, this.size);
  }

  int32LE(value: number): void {
    this.room(4);
    this.size = this.buffer.writeInt32LE(value, this.size);
  }

  doubleBE(value: number): void {
    this.room(8);
    this.size = this.buffer.writeDoubleBE(value, this.size);
  }

  /** What was gathered, in memory of its own. */
  finish(): Buffer {
    return Buffer.from(this.buffer.subarray(0, this.size));
  }

  private room(count: number): void {
    if (this.size + count <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.size + count));
    grown.set(this.buffer.subarray(0, this.size));
    this.buffer = grown;
  }
}
