import type { Extent, Oid, Tid } from "@belay/zodb";
import { bytesOf, decodeRecord, formatOid } from "@belay/zodb";
import type { Moment } from "../files/database.ts";
import { FILE_MODULE, isFileClass, malformed } from "../files/states.ts";
import { preadAll } from "./piece.ts";
import type { Piece } from "./piece.ts";
import { bytesForm } from "./record-form.ts";

/** Bytes at the start of a record that show its class and where its state begins. */
const PREFIX = 200;

const prefix = Buffer.allocUnsafeSlow(PREFIX);

/** An object whose state is bytes, and its revision. */
export interface BytesObject {
  readonly serial: Tid;
  readonly piece: Piece;
}

/**
 * Finds the bytes that are the state of an object of one of the classes, without reading them where the storage is a file and the
 * record is plain.
 *
 * @returns undefined when the object is of another class
 * @throws BelayError `EMALFORMED` when it is absent, or its state is no bytes; errors of the storage
 */
export function findBytes(moment: Moment, oid: Oid, ...classes: readonly string[]): BytesObject | undefined {
  const extent = moment.locate(oid);
  if (extent === undefined) throw absent(oid);
  if (extent === "unknown") return decoded(moment, oid, classes);
  const piece = pieceIn(extent, classes);
  if (piece === "other-class") return undefined;
  return piece === undefined ? decoded(moment, oid, classes) : { serial: extent.serial, piece };
}

// Anything unusual is left to the decoder: a compressed record, a class in another form, a length that does not add up.
function pieceIn(extent: Extent, classes: readonly string[]): Piece | "other-class" | undefined {
  const head = headOf(extent);
  const found = isCompressed(head) ? undefined : bytesForm(head, extent.length);
  if (found === undefined) return undefined;
  if (found.module !== FILE_MODULE || !classes.includes(found.name)) return "other-class";
  const { place } = found;
  return place && { fd: extent.fd, offset: extent.offset + place.offset, length: place.length };
}

function headOf(extent: Extent): Uint8Array {
  const length = Math.min(PREFIX, extent.length);
  if (extent.head !== undefined && extent.head.length >= length) return extent.head;
  const head = prefix.subarray(0, length);
  preadAll(extent.fd, head, extent.offset);
  return head;
}

function isCompressed(head: Uint8Array): boolean {
  return head[0] === 0x2e && head[1] === 0x7a;
}

function decoded(moment: Moment, oid: Oid, classes: readonly string[]): BytesObject | undefined {
  const revision = moment.load(oid);
  if (revision === undefined) throw absent(oid);
  const record = decodeRecord(revision.data);
  if (!isFileClass(record.class, ...classes)) return undefined;
  const bytes = bytesOf(record.state);
  if (bytes === undefined) throw malformed(`${record.class.name} ${formatOid(oid)}`);
  // A copy: the record may be a view of a larger buffer, which would be kept with it.
  return { serial: revision.serial, piece: { bytes: Uint8Array.from(bytes), length: bytes.length } };
}

function absent(oid: Oid): Error {
  return malformed(`absent object ${formatOid(oid)}`);
}
