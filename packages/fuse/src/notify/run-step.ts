import { close, errno, errnoOf, open, O_RDONLY } from "@belay/linux";
import { fstatSync } from "node:fs";

import type { NotifyChannel } from "./notify-channel.ts";
import type { NotifyStep, StoreSource } from "./notify-step.ts";
import type { RetrieveInbox } from "./retrieve-inbox.ts";

/** Does one step, on a thread that serves nothing. @returns 0 or -errno */
export function runStep(step: NotifyStep, channel: NotifyChannel, inbox: RetrieveInbox): number {
  switch (step.kind) {
    case "invalInode":
      return channel.invalInode(step.nodeid, step.offset, step.length);
    case "invalEntry":
      return channel.invalEntry(step.parent, step.name, step.flags);
    case "delete":
      return channel.delete(step.parent, step.child, step.name);
    case "store":
      return storeSources(step.nodeid, step.offset, step.sources, channel);
    case "preserve":
      return preserve(step, channel, inbox);
  }
}

function storeSources(nodeid: number, start: number, sources: readonly StoreSource[], channel: NotifyChannel): number {
  let offset = start;
  for (const source of sources) {
    const length = lengthOf(source);
    const result = storeSource(nodeid, offset, source, channel);
    if (result < 0) return result;
    offset += length;
  }
  return 0;
}

function storeSource(nodeid: number, offset: number, source: StoreSource, channel: NotifyChannel): number {
  if (source instanceof Uint8Array) return channel.store(nodeid, offset, source);
  if ("zeros" in source) return channel.store(nodeid, offset, new Uint8Array(source.zeros));
  return channel.storeFrom(nodeid, offset, source.fd, source.offset, source.length);
}

function lengthOf(source: StoreSource): number {
  return "zeros" in source ? source.zeros : source.length;
}

type PreserveStep = Extract<NotifyStep, { kind: "preserve" }>;

function preserve(step: PreserveStep, channel: NotifyChannel, inbox: RetrieveInbox): number {
  const pages = retrieveAll(step, channel, inbox);
  if (typeof pages === "number") return pages;
  try {
    // Served by the other thread; this one only waits.
    const fd = open(step.path, O_RDONLY);
    try {
      const { ino, size } = fstatSync(fd);
      return channel.store(ino, step.offset, pages.subarray(0, Math.max(0, size - step.offset)));
    } finally {
      close(fd);
    }
  } catch (error) {
    return -(errnoOf(error) ?? errno.EIO);
  }
}

function retrieveAll(step: PreserveStep, channel: NotifyChannel, inbox: RetrieveInbox): Uint8Array | number {
  const pages = new Uint8Array(step.length);
  for (let at = 0; at < step.length;) {
    const wanted = Math.min(step.length - at, inbox.capacity);
    const piece = inbox.retrieve(channel, step.nodeid, step.offset + at, wanted);
    if (typeof piece === "number") return piece;
    if (piece.length < wanted) return -errno.ENODATA;
    pages.set(piece, at);
    at += wanted;
  }
  return pages;
}
