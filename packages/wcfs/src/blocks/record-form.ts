import { locateBytesState, sniffClass } from "@belay/zodb";

/** Where the bytes lie in a record whose state they are, and of which class it is. */
export interface BytesForm {
  readonly module: string;
  readonly name: string;
  /** Undefined: the record has to be decoded. */
  readonly place: { readonly offset: number; readonly length: number } | undefined;
}

/** How the records begin that were looked at last: all of one writer's objects of a class begin alike, up to the length of the state. */
interface Beginning {
  readonly bytes: Uint8Array;
  readonly module: string;
  readonly name: string;
}

/** Opcodes of byte strings with a length of four bytes: BINBYTES, BINSTRING. */
const LONG = [0x42, 0x54];

let known: Beginning = { bytes: new Uint8Array(0), module: "", name: "" };

/**
 * Looks at the beginning of a record.
 *
 * @param head its first bytes
 * @param length bytes of the whole record
 * @returns undefined when it has no class in any usual form
 */
export function bytesForm(head: Uint8Array, length: number): BytesForm | undefined {
  return likeTheLast(head, length) ?? parsed(head, length);
}

function likeTheLast(head: Uint8Array, recordLength: number): BytesForm | undefined {
  const { bytes, module, name } = known;
  const offset = bytes.length + 4;
  if (bytes.length === 0 || head.length < offset) return undefined;
  for (let i = 0; i < bytes.length; i++) if (head[i] !== bytes[i]) return undefined;
  const length = uint32(head, bytes.length);
  // STOP alone, or a PUT of two or five bytes before it; the rest is for the parser.
  const tail = recordLength - offset - length;
  return tail === 1 || tail === 3 || tail === 6 ? { module, name, place: { offset, length } } : undefined;
}

function parsed(head: Uint8Array, recordLength: number): BytesForm | undefined {
  const found = sniffClass(head);
  if (found === undefined) return undefined;
  const { module, name } = found;
  const place = locateBytesState(head, recordLength);
  if (
    place !== undefined &&
    LONG.includes(head[place.offset - 5] ?? 0) &&
    uint32(head, place.offset - 4) === place.length
  )
    known = { bytes: Uint8Array.from(head.subarray(0, place.offset - 4)), module, name };
  return { module, name, place };
}

function uint32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) +
    0x100 * (bytes[at + 1] ?? 0) +
    0x1_0000 * (bytes[at + 2] ?? 0) +
    0x100_0000 * (bytes[at + 3] ?? 0)
  );
}
