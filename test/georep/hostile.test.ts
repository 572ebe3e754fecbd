import * as fs from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import fc from "fast-check";
import { expect, test } from "vitest";

import { encodeFrame, maxFrame } from "../../packages/georep/src/rpc/frames.ts";
import { methods, readApply, readApplyReply, writeCopy } from "../../packages/georep/src/rpc/messages.ts";
import { readList, readListReplies } from "../../packages/georep/src/rpc/list-messages.ts";
import { encodePreamble } from "../../packages/georep/src/rpc/preamble.ts";
import { WireReader, WireWriter } from "../../packages/georep/src/rpc/wire.ts";
import { serveSecondary } from "../../packages/georep/src/secondary/serve.ts";
import { makePair, within } from "./replica.ts";

const preamble = encodePreamble({ role: "worker", session: "evil", credit: 0 });
const rootId = Buffer.alloc(16, 7);

test("whatever bytes come, the answer is an error of the protocol", async () => {
  using pair = makePair();
  const started = [preamble, ...frame("hello", new WireWriter().bytes(rootId).u8(0b1011).finish())];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom([], [preamble], started),
      fc.uint8Array({ maxLength: 300 }),
      async (before, noise) => {
        await expect(serve(pair.destination, [...before, Buffer.from([1, ...noise])])).rejects.toMatchObject({
          code: "EPROTO",
        });
      },
    ),
    { numRuns: 60 },
  );
  expect(fs.readdirSync(pair.destination).filter((name) => name !== ".belay-georep")).toEqual([]);
});

test("pickles and frames beyond the limit are refused, and it is said why", async () => {
  using pair = makePair();
  await expect(serve(pair.destination, [Buffer.from("\x80\x02(K\x01U\x07version", "latin1")])).rejects.toThrow(
    /pickle/,
  );
  const huge = Buffer.alloc(9);
  huge.writeUInt32LE(maxFrame + 1);
  await expect(serve(pair.destination, [preamble, huge])).rejects.toMatchObject({ code: "EPROTO" });
});

test.for(["..", ".", "a/b", "/etc/passwd", "../../x", "nul\0", ""])("the name %j is refused", async (name) => {
  using pair = makePair();
  const apply = new WireWriter().u32(0).u32(1).bytes(rootId).bytes(Buffer.from(name)).u32(0xffff_ffff).finish();
  const bytes = [
    preamble,
    ...frame("hello", new WireWriter().bytes(rootId).u8(0b1011).finish()),
    ...frame("apply", apply),
  ];
  await expect(serve(pair.destination, bytes)).rejects.toMatchObject({ code: "EPROTO" });
});

test("a peer that is not the parent process cannot have one of that process's files copied", async () => {
  using pair = makePair();
  const copy = new WireWriter();
  writeCopy(copy, { id: rootId, fd: 0, offset: 0, length: 1, isDelta: false });
  const bytes = [preamble, ...frame("hello", new WireWriter().bytes(rootId).finish()), ...frame("copy", copy.finish())];
  await expect(serve(pair.destination, bytes)).rejects.toMatchObject({ code: "EPROTO" });
});

test("decoders take any bytes without anything but a protocol error", () => {
  const readReplies = (from: WireReader) => readListReplies(from, 4);
  for (const decode of [readApply, readApplyReply, readList, readReplies])
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          decode(new WireReader(Buffer.from(bytes)));
        } catch (error) {
          expect(error).toMatchObject({ code: "EPROTO" });
        }
      }),
    );
});

test("a directory of the destination that becomes a link leads nowhere", async () => {
  using pair = makePair();
  const outside = join(pair.base, "outside");
  fs.mkdirSync(outside);
  fs.mkdirSync(join(pair.source, "d"));
  fs.writeFileSync(join(pair.source, "d", "f"), "1");
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  fs.renameSync(join(pair.destination, "d"), join(pair.base, "away"));
  fs.symlinkSync(outside, join(pair.destination, "d"));
  fs.writeFileSync(join(pair.source, "d", "g"), "2");
  fs.writeFileSync(join(pair.source, "d", "f"), "3");
  await worker.checkpoint(within(30_000));
  expect(fs.readdirSync(outside)).toEqual([]);
  expect(pair.differences()).toEqual([]);
});

function frame(method: keyof typeof methods, payload: Buffer): readonly Buffer[] {
  return encodeFrame({ type: methods[method], request: 1, payload });
}

async function serve(root: string, bytes: readonly Buffer[]): Promise<void> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  output.resume();
  for (const piece of bytes) input.write(piece);
  input.end();
  await serveSecondary({ input, output, root });
}
