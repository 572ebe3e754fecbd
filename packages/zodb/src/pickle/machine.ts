import { ZodbError } from "../errors/zodb-error.ts";
import type { PickleTuple, PickleValue } from "./values.ts";

/** The pickle is cut off or does not follow the language of pickles. */
export function damaged(what: string, at: number): ZodbError {
  return new ZodbError("EDAMAGED", `bad pickle: ${what} at byte ${at}`);
}

/** A sound pickle that only Python itself can make sense of. */
export function unsupported(what: string, at: number): ZodbError {
  return new ZodbError("EUNSUPPORTED", `pickle with ${what} at byte ${at}`);
}

/**
 * The stack machine that a pickle is a program for.
 *
 * Each instruction is at least one byte and leaves at most one value, and nothing is allocated by a length that was
 * not compared with the bytes there are: what a pickle can take is bounded by its size.
 */
export class PickleMachine {
  readonly bytes: Buffer;
  pos = 0;
  /** False once STOP was met. */
  running = true;
  private stack: PickleValue[] = [];
  private size = 0;
  private marks: number[] = [];
  private readonly memo: PickleValue[] = [];

  constructor(data: Uint8Array) {
    this.bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  }

  /** Makes ready for the next pickle of a record: the memo stays. */
  restart(): void {
    this.size = 0;
    this.marks.length = 0;
    this.running = true;
  }

  /** Steps over the next `length` bytes of the pickle and tells where they start. */
  skip(length: number): number {
    const start = this.pos;
    if (length > this.bytes.length - start) throw damaged(`cut off, ${length} bytes are missing`, start);
    this.pos = start + length;
    return start;
  }

  /** The next bytes, as a view. */
  take(length: number): Uint8Array {
    const start = this.skip(length);
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, length);
  }

  /** A line of ASCII text, without its line feed. */
  line(): string {
    const start = this.pos;
    const end = this.bytes.indexOf(10, start);
    if (end < 0) throw damaged("unfinished line", start);
    this.pos = end + 1;
    return this.bytes.toString("latin1", start, end);
  }

  push(value: PickleValue): void {
    this.stack[this.size++] = value;
  }

  pop(): PickleValue {
    this.needAbove(1);
    return this.stack[--this.size] as PickleValue;
  }

  top(): PickleValue {
    this.needAbove(1);
    return this.stack[this.size - 1] as PickleValue;
  }

  mark(): void {
    this.marks.push(this.size);
  }

  /** Takes everything above the last mark, and the mark. */
  popMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw damaged("no mark to go back to", this.pos);
    const values = this.stack.slice(mark, this.size);
    this.size = mark;
    return values;
  }

  /** POP takes a mark as well when that is what lies on top. */
  discardTop(): void {
    if (this.marks.at(-1) === this.size) this.marks.pop();
    else this.pop();
  }

  /** The `count` topmost values as a tuple. */
  popTuple(count: number): PickleTuple {
    this.needAbove(count);
    this.size -= count;
    // References are pairs: a tree node has hundreds, and a literal is made far faster than a slice.
    if (count === 2) return [this.stack[this.size] as PickleValue, this.stack[this.size + 1] as PickleValue];
    return this.stack.slice(this.size, this.size + count);
  }

  put(index: number): void {
    // Pickles number their memo upwards from 0. Anything beyond the number of bytes is made up to have a huge memo allocated.
    if (index > this.bytes.length) throw damaged(`memo index ${index}`, this.pos);
    this.memo[index] = this.top();
  }

  get(index: number): void {
    const value = this.memo[index];
    if (value === undefined) throw damaged(`memo ${index} is empty`, this.pos);
    this.push(value);
  }

  private needAbove(count: number): void {
    if (this.size - (this.marks.at(-1) ?? 0) < count) throw damaged("stack is empty", this.pos);
  }
}

/** Carries out one instruction whose opcode byte has been read. */
export type Instruction = (m: PickleMachine) => void;

/** Instructions by opcode. */
export type InstructionSet = Readonly<Record<number, Instruction>>;

/** The opcode of a printable instruction name, as pickles are usually written down. */
export function op(char: string): number {
  return char.charCodeAt(0);
}
