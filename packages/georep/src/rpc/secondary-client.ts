import type { Readable, Writable } from "node:stream";

import { sumSize } from "../engines/blocks.ts";
import type { FileId } from "../ids/file-id.ts";
import { RpcClient } from "./client.ts";
import type { Transport } from "./frame-sender.ts";
import { readLeft } from "./fill-messages.ts";
import { readInspectReply, writeInspect, type InspectReply, type InspectRequest } from "./inspect-messages.ts";
import { readListReplies, writeList, type ListReply, type ListRequest } from "./list-messages.ts";
import { readWelcome, writeHello, type Hello, type Suspect, type Welcome } from "./hello-messages.ts";
import * as message from "./messages.ts";
import { writeShare } from "./share-messages.ts";
import { SharedContents } from "./shared-contents.ts";
import type { Silence } from "./silence.ts";
import type { WireWriter } from "./wire.ts";

/** A secondary as the worker sees it: each method is one request. */
export interface Secondary extends Disposable {
  /** Names what the secondary remembers of its destination; another one remembers nothing of what was sent before. */
  readonly replica: string;
  /** Where the destination lies: another text, another file system or another mount of it. */
  readonly site: string;
  /** Batches that it has finished, each counts for ever: one that tells of fewer is an older copy of itself. */
  readonly finished: () => number;
  /** What has to be told of again, whatever the worker's cursor says. */
  readonly suspect: Suspect;
  /** Settles, with the reason, when the connection is lost. */
  readonly lost: Promise<Error>;
  /** Whether it answers: a line that is cut and a process that is held are silent long before they are given up. */
  readonly silence: Silence;
  /** @param contentBytes  of what comes along, about; the request is copied before this returns */
  apply(request: message.ApplyRequest, contentBytes: number): Promise<message.ApplyReply>;
  /**
   * Makes small files in a directory where it has nothing.
   *
   * @param files  the message, see `fill-messages.ts`; it may be used again when this resolves
   * @returns indexes of those that it left alone
   */
  fill(files: Buffer): Promise<readonly number[]>;
  /** Where contents of such files may lie instead; only for a secondary that can reach them there, being our own child. */
  readonly contents: SharedContents | undefined;
  signatures(id: FileId, firstBlock: number, count: number): Promise<Buffer>;
  /** As `signatures`, of whole blocks, each with its rolling sum before it. */
  sums(id: FileId, firstBlock: number, count: number): Promise<Buffer>;
  begin(id: FileId, keepsBase: boolean): Promise<void>;
  data(id: FileId, offset: number, bytes: Buffer): Promise<void>;
  /**
   * Makes a content that was begun, and told up to `before`, anew beside the older one, so that parts of that can be moved. It is empty behind
   * `before`.
   *
   * @returns what it has up to there; undefined: that cannot be, and nothing was done
   */
  makeAnew(id: FileId, before: number): Promise<message.KeptContent | undefined>;
  /** As `data`, of what the older content has; after `makeAnew`. */
  move(id: FileId, part: message.MovedPart): Promise<void>;
  /** As `data`, of a file that this process has open; only for a secondary that can reach it, being our own child. Tells how many bytes it wrote. */
  readonly copy: ((part: message.LocalPart) => Promise<number>) | undefined;
  end(id: FileId, size: number, digest: Buffer): Promise<void>;
  /** Everything since the last `finish` is durable when this resolves. */
  finish(): Promise<readonly message.Failure[]>;
  /** Nothing is left to be told, whatever the batches before have come to: what is unknown there from now on is not our work. */
  told(): Promise<void>;
  /** Portions of directories; answers the first of the requests, one at least. */
  list(requests: readonly ListRequest[]): Promise<readonly ListReply[]>;
  inspect(request: InspectRequest): Promise<InspectReply>;
  /** Prepares for files that a program brings: where it has to put them, each under the hexadecimal form of its id. */
  stage(ids: readonly FileId[]): Promise<Buffer>;
  /** A file that a program brought becomes the content of its object, if it is what it has to be. */
  take(id: FileId, size: number, digest: Buffer): Promise<void>;
  /** SHA-256 of a part of a file's content; of what there is of it, when it is shorter. */
  digest(directory: FileId, name: Buffer, offset: number, length: number): Promise<Buffer>;
}

/** How a worker speaks, and in which session. */
export interface Line {
  readonly session: string;
  readonly transport?: Transport;
  /** Silence after which the secondary is given up, as it gives us up; 0: never. Default two minutes. */
  readonly timeoutMs?: number;
}

/** What an object or a name takes in a message, mostly. */
const bytesOfChange = 150;

/**
 * Opens the line to a secondary and keeps it open: nothing is touched at the destination before it is greeted, which may be any time later.
 *
 * @throws BelayError EPROTO
 */
export async function openLine(
  input: Readable,
  output: Writable,
  { session, transport, timeoutMs }: Line,
): Promise<RpcClient> {
  const rpc = new RpcClient(input, output, transport, timeoutMs);
  try {
    await rpc.connect(session);
  } catch (error) {
    rpc[Symbol.dispose]();
    throw error;
  }
  return rpc;
}

/**
 * Greets a secondary, which has the line from now on.
 *
 * @throws BelayError EPROTO, ELOCKED, EDESTINATIONCHANGED, or what the secondary says about its directory
 */
export async function greetSecondary(rpc: RpcClient, hello: Hello): Promise<Secondary> {
  let welcome: Welcome;
  try {
    welcome = readWelcome(await rpc.call("hello", (to) => writeHello(to, hello)));
  } catch (error) {
    rpc[Symbol.dispose]();
    throw error;
  }
  let { finished } = welcome;
  const done = (reply: Promise<unknown>): Promise<void> => reply.then(() => undefined);
  const copy = async (part: message.LocalPart): Promise<number> => {
    await rpc.pace(part.length);
    return (await rpc.call("copy", (to) => message.writeCopy(to, part))).u64();
  };
  const contents = welcome.isChild
    ? new SharedContents({
        isPlain: () => rpc.isPlain,
        share: (memory) => rpc.call("share", (to) => writeShare(to, memory)),
      })
    : undefined;
  const ofBlocks = async (method: "signatures" | "sums", id: FileId, first: number, count: number): Promise<Buffer> =>
    (await rpc.call(method, (to) => void to.bytes(id).u32(first).u32(count))).bytes(sumSize * message.maxBlocks);
  return {
    replica: welcome.replica.toString("hex"),
    site: welcome.site,
    finished: () => finished,
    suspect: welcome.suspect,
    lost: rpc.lost,
    silence: rpc.silence,
    apply: async (request, contentBytes) => {
      const expected = contentBytes + bytesOfChange * (request.objects.length + request.entries.length);
      const reply = await rpc.call("apply", (to) => message.writeApply(to, request), { expected });
      return message.readApplyReply(reply);
    },
    fill: async (files) => readLeft(await rpc.call("fill", undefined, { tail: files })),
    contents,
    signatures: (id, firstBlock, count) => ofBlocks("signatures", id, firstBlock, count),
    sums: (id, firstBlock, count) => ofBlocks("sums", id, firstBlock, count),
    begin: (id, keepsBase) => done(rpc.call("begin", (to) => void to.bytes(id).u8(Number(keepsBase)))),
    data: (id, offset, bytes) =>
      done(rpc.call("data", (to) => void to.bytes(id).u64(offset).u32(bytes.length), { tail: bytes })),
    makeAnew: async (id, before) =>
      message.keptContents[(await rpc.call("anew", (to) => void to.bytes(id).u64(before))).u8()],
    move: (id, part) => done(rpc.call("move", (to) => message.writeMove(to, id, part))),
    copy: welcome.isChild ? copy : undefined,
    end: (id, size, digest) => done(rpc.call("end", (to) => void to.bytes(id).u64(size).bytes(digest))),
    finish: async () => {
      const reply = await rpc.call("finish");
      const failures = message.readFailures(reply);
      finished = reply.u64();
      return failures;
    },
    told: () => done(rpc.call("told")),
    list: async (requests) => readListReplies(await rpc.call("list", (to) => writeList(to, requests)), requests.length),
    inspect: async (request) => readInspectReply(await rpc.call("inspect", (to) => writeInspect(to, request))),
    digest: async (directory, name, offset, length) => {
      const write = (to: WireWriter) => void to.bytes(directory).bytes(name).u64(offset).u32(length);
      return (await rpc.call("digest", write)).bytes(32, 32);
    },
    stage: async (ids) => {
      const reply = await rpc.call("stage", (to) => void to.list(ids, (each, id) => each.bytes(id)));
      return Buffer.from(reply.bytes(message.maxPath, 1));
    },
    take: (id, size, digest) => done(rpc.call("take", (to) => void to.bytes(id).u64(size).bytes(digest))),
    [Symbol.dispose]: () => {
      rpc[Symbol.dispose]();
      contents?.[Symbol.dispose]();
    },
  };
}
