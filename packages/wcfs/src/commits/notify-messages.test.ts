import { expect, test } from "vitest";
import { packCommit, packStore, unpackPieces } from "./notify-messages.ts";

const pieces = [
  { at: 0, piece: { fd: 7, offset: 2 ** 40 + 1, length: 10 } },
  { at: 100, piece: { bytes: Buffer.from("abc"), length: 3 } },
  { at: 200, piece: { fd: 8, offset: 5, length: 1 } },
  { at: 300, piece: { bytes: Buffer.from("de"), length: 2 } },
];

test("pieces come out of a message as they went in, also through a copy", () => {
  const sent = structuredClone(packStore({ offset: 0, length: 4096, pieces }));
  expect(unpackPieces(sent.pieces)).toEqual(
    pieces.map(({ at, piece }) => ({
      at,
      piece: "bytes" in piece ? { ...piece, bytes: Uint8Array.from(piece.bytes) } : piece,
    })),
  );
});

test("a commit's job keeps its ranges, with the old blocks where there are some", () => {
  const range = { node: 5, offset: 0, length: 4096 };
  const old = { path: "@0/bigfile/1", offset: 0, length: 4096, pieces };
  const sent = structuredClone(packCommit({ ranges: [range, { ...range, old }], attributes: [5] }));
  expect(sent.attributes).toEqual([5]);
  expect(sent.ranges.map(({ node, old: kept }) => [node, kept?.path])).toEqual([
    [5, undefined],
    [5, "@0/bigfile/1"],
  ]);
});
