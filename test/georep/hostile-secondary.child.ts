/** A receiving end that means harm; argv: what it does, id of a file outside of the source (hex), file for what it got. */
import { appendFileSync } from "node:fs";
import { randomBytes } from "node:crypto";

import { ByteQueue, encodeFrame, readFrame } from "../../packages/georep/src/rpc/frames.ts";
import { replyBit } from "../../packages/georep/src/rpc/client.ts";
import { writeLeft } from "../../packages/georep/src/rpc/fill-messages.ts";
import { writeWelcome } from "../../packages/georep/src/rpc/hello-messages.ts";
import { methods, readApply, replicaIdBytes, writeApplyReply } from "../../packages/georep/src/rpc/messages.ts";
import { writeListReplies } from "../../packages/georep/src/rpc/list-messages.ts";
import { encodePreamble, readPreamble } from "../../packages/georep/src/rpc/preamble.ts";
import { WireReader, WireWriter } from "../../packages/georep/src/rpc/wire.ts";

const [harm = "", outside = "", got = ""] = process.argv.slice(2);
const queue = new ByteQueue(process.stdin);
const write = (bytes: Uint8Array) => void process.stdout.write(bytes);

if (harm === "pickle") write(Buffer.from("\x80\x02(K\x01U\x07version", "latin1"));
else {
  const { session } = await readPreamble(queue, "worker");
  write(encodePreamble({ role: "secondary", session, credit: 1024 * 1024 }));
}
let rootId = Buffer.alloc(0);
for (;;) {
  const frame = await readFrame(queue);
  if (frame === undefined) break;
  appendFileSync(got, frame.payload);
  if (harm === "noise") write(randomBytes(1000));
  if (harm === "length") write(Buffer.alloc(9, 0xff));
  if (harm === "noise" || harm === "length") continue;
  if (frame.type === methods.hello) rootId = Buffer.from(new WireReader(frame.payload).bytes(128));
  const payload = frame.type === methods.hello ? greeting() : answer(frame.type, frame.payload);
  for (const piece of encodeFrame({ type: frame.type | replyBit, request: frame.request, payload })) write(piece);
}

function greeting(): Buffer {
  const writer = new WireWriter();
  writeWelcome(writer, {
    replica: Buffer.alloc(replicaIdBytes, 1),
    isChild: false,
    site: "elsewhere",
    finished: 0,
    suspect: { directories: [], names: [] },
  });
  return writer.finish();
}

function listing(): Buffer {
  const writer = new WireWriter();
  writeListReplies(writer, [{ known: true, upTo: "", digest: Buffer.alloc(0), names: [] }]);
  return writer.finish();
}

/** Calls for all that is in a directory, and for more than it is told of. */
function fillAnswer(type: number, request: Buffer): Buffer {
  const writer = new WireWriter();
  if (type === methods.fill) writeLeft(writer, [4_000_000_000]);
  else {
    const made = readApply(new WireReader(request)).objects.map(({ id }) => Buffer.from(id));
    const [crawl, wants, detached, others, failures] = [[], [], [], [], []];
    writeApplyReply(writer, { crawl, made: [Buffer.from(outside, "hex"), ...made], wants, detached, others, failures });
  }
  return writer.finish();
}

function answer(type: number, request: Buffer): Buffer {
  if (harm === "answers") return randomBytes(300);
  if (type === methods.list) return listing();
  if (harm === "left" && (type === methods.apply || type === methods.fill)) return fillAnswer(type, request);
  if (type !== methods.apply) return new WireWriter().u32(0).finish();
  const nothing = { crawl: [], made: [], wants: [], detached: [], others: [], failures: [] };
  const writer = new WireWriter();
  const failure = { id: rootId, name: Buffer.from("../secret"), code: "EPARENT", message: "" };
  if (harm === "want") writeApplyReply(writer, { ...nothing, wants: [{ id: Buffer.from(outside, "hex"), base: 0 }] });
  else writeApplyReply(writer, { ...nothing, failures: [failure] });
  return writer.finish();
}
