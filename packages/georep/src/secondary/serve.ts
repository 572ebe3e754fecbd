import type { Readable, Writable } from "node:stream";

import type { Mapping } from "@belay/linux";
import { silentLogger, type Logger } from "@belay/supervise";

import { digestSize } from "../engines/content-digest.ts";
import { keyOf } from "../ids/file-id.ts";
import { DirectInput } from "../rpc/direct-input.ts";
import { writeLeft } from "../rpc/fill-messages.ts";
import { readHello, writeWelcome, type Suspect } from "../rpc/hello-messages.ts";
import { maxSpan, readInspect, writeInspectReply } from "../rpc/inspect-messages.ts";
import { readList, writeListReplies } from "../rpc/list-messages.ts";
import * as message from "../rpc/messages.ts";
import { readShare } from "../rpc/share-messages.ts";
import { serveRpc, type Handlers } from "../rpc/server.ts";
import { readSurvey, writeForgetReply, writeSurveyReply } from "../rpc/survey-messages.ts";
import { malformed, type WireReader } from "../rpc/wire.ts";
import { isDirectory } from "../tree/object-state.ts";
import { attach, withdraw } from "./attach.ts";
import { attempt, closeDirectories, keyOfName, startBatch, trimDirectories, type Batch, type Order } from "./batch.ts";
import { makeDirectoriesAtOnce } from "./bare-directories.ts";
import { settleContent } from "./content.ts";
import { giveBackModes } from "./directory-modes.ts";
import { makeAtOnce } from "./make-at-once.ts";
import { isNewFile } from "./new-file.ts";
import { noteNamesOfLost, noteOtherNames } from "./other-names.ts";
import { replaceAtOnce } from "./replace-at-once.ts";
import { forgetSession } from "./forget.ts";
import { detach } from "./detach.ts";
import { fillDirectory } from "./fill.ts";
import { finishBatch } from "./finish.ts";
import { abandonAll, beginContent, endContent, takeContent } from "./incoming.ts";
import { digestPart, inspect } from "./inspect.ts";
import { Listing } from "./listing.ts";
import { copyPart } from "./local-copy.ts";
import { endInOrder, openSession, recover, suspectNothing, type Session } from "./session.ts";
import { makeAnew, moveContent } from "./move-content.ts";
import { signaturesOf, sumsOf } from "./signatures.ts";
import { SettleWhenIdle } from "./settle-when-idle.ts";
import { siteOf } from "./site.ts";
import { stageFiles, takeStaged } from "./stage.ts";
import { Survey } from "./survey.ts";
import { mapWorkerMemory } from "./worker-memory.ts";

/** How to serve. */
export interface ServeOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** Directory that becomes equal to the source. */
  readonly root: string;
  readonly logger?: Logger;
  /** The worker is our parent process: what it has open may be copied from there. Never for a worker on another machine. */
  readonly isChild?: boolean;
  /** The only session that may be named; undefined: any. */
  readonly only?: string | undefined;
}

/**
 * Serves one worker: applies what it sends beneath `root`, and nowhere else.
 *
 * @throws BelayError EPROTO when the peer breaks the protocol, or names another session than it may; what a batch had begun is completed by the next session
 */
export async function serveSecondary(options: ServeOptions): Promise<void> {
  const { input, output, root, logger = silentLogger, isChild = false, only } = options;
  const state: ServeState = {
    root,
    session: undefined,
    batch: undefined,
    listing: undefined,
    survey: undefined,
    settling: undefined,
    shared: undefined,
    readAhead: input instanceof DirectInput ? () => input.readAhead() : undefined,
    logger,
    isChild,
    name: "",
  };
  try {
    await serveRpc(input, output, (worker) => {
      if (only !== undefined && worker.session !== only) throw malformed("another session than the call names");
      state.name = worker.session;
      return handlersOf(state);
    });
    if (state.session !== undefined && state.batch === undefined) endInOrder(state.session);
  } finally {
    state.settling?.[Symbol.dispose]();
    if (state.batch !== undefined) letGo(state.batch);
    state.session?.[Symbol.dispose]();
    state.shared?.unmap();
  }
}

interface ServeState {
  readonly root: string;
  readonly logger: Logger;
  readonly isChild: boolean;
  readonly readAhead: (() => void) | undefined;
  name: string;
  session: Session | undefined;
  batch: Batch | undefined;
  listing: Listing | undefined;
  survey: Survey | undefined;
  settling: SettleWhenIdle | undefined;
  shared: Mapping | undefined;
}

function handlersOf(state: ServeState): Handlers {
  const batch = () => batchOf(state);
  const decoded = <T>(reader: WireReader, value: T): T => {
    reader.end();
    return value;
  };
  return {
    hello: async (request, reply) => {
      const hello = decoded(request, readHello(request));
      if (state.session !== undefined) throw malformed("a second greeting");
      const { root, name, logger } = state;
      state.session = await openSession({ root, session: name, logger, ...hello });
      state.settling = new SettleWhenIdle(state.session.map, logger, () => state.batch === undefined);
      state.settling.begin();
      writeWelcome(reply, {
        replica: state.session.replica,
        isChild: state.isChild,
        site: siteOf(root),
        finished: state.session.finished,
        suspect: takeSuspect(state.session),
      });
    },
    apply: (request, reply) => {
      const changes = decoded(request, message.readApply(request));
      message.writeApplyReply(reply, applyChanges(batch(), changes));
    },
    fill: (request, reply) => {
      const left = fillDirectory(batch(), request, state);
      decoded(request, undefined);
      writeLeft(reply, left);
    },
    share: (request) => {
      const memory = decoded(request, readShare(request));
      if (!state.isChild) throw malformed("memory of a process that is not our parent");
      if (state.shared !== undefined) throw malformed("a second memory");
      open(state);
      state.shared = mapWorkerMemory(process.ppid, memory);
    },
    signatures: (request, reply) => {
      const { id, first, count } = decoded(request, readBlocks(request));
      reply.bytes(signaturesOf(batch(), id, first, count));
    },
    sums: (request, reply) => {
      const { id, first, count } = decoded(request, readBlocks(request));
      reply.bytes(sumsOf(batch(), id, first, count));
    },
    begin: (request) => {
      const [id, keepsBase] = decoded(request, [message.readId(request), request.bool()] as const);
      beginContent(batch(), id, keepsBase);
    },
    data: (request) => {
      const [id, offset, bytes] = [message.readId(request), request.u64(), request.bytes(message.maxData)];
      decoded(request, undefined);
      takeContent(batch(), id, offset, bytes);
    },
    anew: (request, reply) => {
      const [id, before] = decoded(request, [message.readId(request), request.u64()] as const);
      const kept = makeAnew(batch(), id, before);
      reply.u8(kept === undefined ? 255 : message.keptContents.indexOf(kept));
    },
    move: (request) => moveContent(batch(), decoded(request, message.readMove(request))),
    copy: (request, reply) => {
      const part = decoded(request, message.readCopy(request));
      if (!state.isChild) throw malformed("a file of a process that is not our parent");
      reply.u64(copyPart(batch(), process.ppid, part));
    },
    end: (request) => {
      const [id, size, digest] = [message.readId(request), request.u64(), request.bytes(digestSize, digestSize)];
      decoded(request, undefined);
      endContent(batch(), id, size, digest);
    },
    finish: (request, reply) => {
      decoded(request, undefined);
      const failures = finishBatch(batch());
      state.batch = undefined;
      state.settling?.begin();
      message.writeFailures(reply, failures);
      reply.u64(open(state).finished);
    },
    told: (request) => {
      decoded(request, undefined);
      if (state.batch !== undefined) throw malformed("the end of all there is to tell within a batch");
      suspectNothing(open(state));
    },
    list: (request, reply) => {
      const requests = decoded(request, readList(request));
      writeListReplies(reply, (state.listing ??= new Listing(open(state))).list(requests, state.batch));
    },
    inspect: (request, reply) => {
      const inspected = decoded(request, readInspect(request));
      if (state.batch !== undefined) throw malformed("a look within a batch");
      writeInspectReply(reply, inspect(open(state), inspected));
    },
    digest: (request, reply) => {
      const [directory, name] = [message.readId(request), message.readName(request)];
      const [offset, length] = decoded(request, [request.u64(), request.u32()] as const);
      if (length > maxSpan) throw malformed(`a digest of ${length} bytes`);
      if (state.batch !== undefined) throw malformed("a look within a batch");
      reply.bytes(digestPart(open(state), { directory, name, offset, length }));
    },
    stage: (request, reply) => {
      const ids = decoded(request, request.list(message.maxStaged, message.readId));
      reply.bytes(stageFiles(batch(), ids));
    },
    take: (request) => {
      const [id, size, digest] = [message.readId(request), request.u64(), request.bytes(32, 32)];
      decoded(request, undefined);
      takeStaged(batch(), id, size, digest);
    },
    ping: (request) => decoded(request, undefined),
    survey: (request, reply) => {
      const asked = decoded(request, readSurvey(request));
      const { root, name: session } = state;
      writeSurveyReply(reply, (state.survey ??= new Survey({ root, session })).survey(asked));
    },
    forget: async (request, reply) => {
      decoded(request, undefined);
      if (state.session !== undefined) throw malformed("a session that is to be forgotten while it is used");
      writeForgetReply(reply, await forgetSession(state.root, state.name));
    },
  };
}

function readBlocks(request: WireReader): { id: Buffer; first: number; count: number } {
  const blocks = { id: message.readId(request), first: request.u32(), count: request.u32() };
  if (blocks.count > message.maxBlocks) throw malformed(`a request for ${blocks.count} blocks`);
  return blocks;
}

function batchOf(state: ServeState): Batch {
  const session = open(state);
  if (state.batch !== undefined && !session.map.isBegun) {
    // The worker has been told that it failed, and says all of it again.
    letGo(state.batch);
    recover(session); // should it fail, the next request tries it again
    state.batch = undefined;
  }
  return (state.batch ??= startTelling(session));
}

// What a batch that was taken back has left is told along with the first answer of the next.
function startTelling(session: Session): Batch {
  const batch = startBatch(session);
  const { directories, names } = takeSuspect(session);
  batch.crawl.push(...directories);
  batch.others.push(...names);
  return batch;
}

function takeSuspect(session: Session): Suspect {
  const { suspect = nothingSuspect } = session;
  session.suspect = undefined;
  return suspect;
}

const nothingSuspect: Suspect = { directories: [], names: [] };

function letGo(batch: Batch): void {
  abandonAll(batch);
  giveBackModes(batch);
  closeDirectories(batch);
}

function open({ session }: ServeState): Session {
  if (session === undefined) throw malformed("a request before the greeting");
  return session;
}

/** Works through one `apply`: what has to move away, what has to be where, and whose content is needed. */
export function applyChanges(batch: Batch, request: message.ApplyRequest): message.ApplyReply {
  batch.failures.length = 0;
  batch.wants.clear();
  batch.made.clear();
  for (const entry of request.entries)
    if (entry.hasLost === true) noteOtherNames(batch, entry, objectOf(request.objects, entry));
  if (batch.postponed.size > 0) for (const entry of request.entries) withdraw(batch, entry);
  const files = replaceAtOnce(batch, request, makeAtOnce(batch, request));
  const { entries, isDone } = makeDirectoriesAtOnce(batch, request, files);
  const objects = request.objects.filter((_, index) => !isDone(index));
  for (const change of objects) {
    const key = keyOf(change.id);
    batch.changes.set(key, { ...change, inline: undefined }); // the bytes are needed for now only
    batch.complete.delete(key);
  }
  if (entries.length > 0) arrange(batch, { objects: request.objects, entries });
  for (const change of objects) {
    trimDirectories(batch);
    attempt(batch, change.id, nothing, () => settleContent(batch, change));
  }
  noteNamesOfLost(batch, request);
  // What an apply that failed as a whole has not told of is told of by the next one, to which it is nothing new.
  const { crawl, madeDirectories, detached, others, wants, failures } = batch;
  const told = { crawl: crawl.splice(0), made: madeDirectories.splice(0), detached: detached.splice(0) };
  return { ...told, others: others.splice(0), wants: [...wants.values()], failures };
}

function arrange(batch: Batch, { objects, entries }: message.ApplyRequest): void {
  const mayBeNew = !batch.session.rules.ignoreDeletes; // there every name has to be looked at
  const orders = entries.flatMap((entry): Order[] => {
    const change = objectOf(objects, entry);
    return change === undefined ? [] : [{ ...entry, change, isNew: mayBeNew && isNewFile(batch, change) }];
  });
  const isNew = new Set(orders.flatMap((order) => (order.isNew ? [keyOfName(order)] : [])));
  for (const entry of entries) {
    trimDirectories(batch);
    if (!isNew.has(keyOfName(entry)))
      attempt(batch, entry.parent, entry.name, () => detach(batch, entry, objectOf(objects, entry)));
  }
  const waiting = new Map(orders.filter(({ change }) => isDirectory(change.mode)).map((o) => [keyOf(o.change.id), o]));
  for (const order of orders) {
    // A directory that its own contents already called for has been attached, unless it has to be again under a second name.
    if (waiting.get(keyOf(order.change.id)) === order) waiting.delete(keyOf(order.change.id));
    trimDirectories(batch);
    attempt(batch, order.parent, order.name, () => attach(batch, order, waiting));
  }
}

const nothing = Buffer.alloc(0);

function objectOf(
  objects: readonly message.ObjectChange[],
  { object }: message.EntryChange,
): message.ObjectChange | undefined {
  return object === undefined ? undefined : objects[object];
}
