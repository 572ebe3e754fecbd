import { close } from "@belay/linux";
import { errnoName } from "@belay/supervise";

import type { FileToSend } from "../engines/program/context.ts";
import { sendByProgram } from "../engines/program/send-by-program.ts";
import { sendContent, withDescriptor } from "../engines/stream.ts";
import { fileIdAt, keyOf, type FileId } from "../ids/file-id.ts";
import type { Ends } from "../plan/ends.ts";
import { codeOfFile, failureOf } from "../rpc/failure.ts";
import type { Failure, Want } from "../rpc/messages.ts";
import { openFileAt } from "../tree/read-object.ts";
import { Slots } from "./slots.ts";

/** A name of an object. */
export interface NamedPlace {
  readonly directory: FileId;
  readonly name: Buffer;
}

/** What sending content came to. */
export interface Sent {
  readonly bytes: number;
  /** What could not be sent, by object. */
  readonly failures: readonly Failure[];
}

/** Most files that a program is given at once; each is open meanwhile. */
const filesAtOnce = 200;
const nothingSent: Sent = { bytes: 0, failures: [] };

/** Most large files on their way at once, whatever `sync-jobs` says; each is open at both ends. */
const mostSending = 100;

/** Sends the content that the destination asked for: so many files at once as the policy allows, the others wait for their turn. */
export class WantedContent {
  readonly #ends: Ends;
  readonly #slots: Slots;
  /** Files that are being sent or wait for it. */
  underWay = 0;

  constructor(ends: Ends) {
    this.#ends = ends;
    // Programs of one request come after those of another: there is one directory for what they bring.
    this.#slots = new Slots(ends.policy.engine === "stream" ? Math.min(ends.policy.jobs, mostSending) : 1);
  }

  /** @param places  names of the objects, by key: a file is opened by one of them, or by its id */
  async send(wants: readonly Want[], places: ReadonlyMap<string, NamedPlace>): Promise<Sent> {
    if (wants.length === 0) return nothingSent;
    this.underWay += wants.length;
    const sent: Sent[] = [];
    try {
      if (this.#ends.policy.engine !== "stream")
        await this.#slots.each([wants], async (all) => void sent.push(await this.#sendByProgram(all, places)));
      else await this.#slots.each(wants, async (want) => void sent.push(await this.#sendOne(want, places)));
      return join(sent);
    } finally {
      this.underWay -= wants.length;
    }
  }

  async #sendOne(want: Want, places: ReadonlyMap<string, NamedPlace>): Promise<Sent> {
    try {
      const fd = this.#open(want.id, places);
      if (fd === undefined) return nothingSent; // gone meanwhile: its own event follows
      const { bytes } = await withDescriptor(fd, (open) => sendContent(this.#ends.secondary, open, want));
      return { bytes, failures: [] };
    } catch (error) {
      // Of the peer's errors only those about this file; of our own, all about reading it.
      const code = errnoName(error) ?? codeOfFile(error);
      if (code === undefined) throw error;
      return { bytes: 0, failures: [failureOf(want.id, code, error)] };
    }
  }

  async #sendByProgram(wants: readonly Want[], places: ReadonlyMap<string, NamedPlace>): Promise<Sent> {
    const { secondary, policy, programs } = this.#ends;
    const sent: Sent[] = [];
    for (let at = 0; at < wants.length; at += filesAtOnce) {
      const unread: Failure[] = [];
      const files = wants.slice(at, at + filesAtOnce).flatMap(({ id }) => this.#openToSend(id, places, unread));
      try {
        sent.push({ bytes: 0, failures: unread });
        sent.push(await sendByProgram({ secondary, policy, place: programs }, files));
      } finally {
        for (const { fd } of files) close(fd);
      }
    }
    return join(sent);
  }

  #openToSend(id: FileId, places: ReadonlyMap<string, NamedPlace>, unread: Failure[]): FileToSend[] {
    try {
      const fd = this.#open(id, places);
      return fd === undefined ? [] : [{ id, fd }];
    } catch (error) {
      const code = errnoName(error);
      if (code === undefined) throw error;
      unread.push(failureOf(id, code, error));
      return [];
    }
  }

  #open(id: FileId, places: ReadonlyMap<string, NamedPlace>): number | undefined {
    const { tree } = this.#ends;
    const place = places.get(keyOf(id));
    const directory = place && tree.openDirectory(place.directory);
    if (place === undefined || directory === undefined) return tree.openFile(id);
    try {
      const fd = openFileAt(directory, place.name);
      if (fd !== undefined && fileIdAt(fd, "").equals(id)) return fd;
      if (fd !== undefined) close(fd);
    } finally {
      close(directory);
    }
    return tree.openFile(id);
  }
}

const join = (sent: readonly Sent[]): Sent => ({
  bytes: sent.reduce((sum, { bytes }) => sum + bytes, 0),
  failures: sent.flatMap(({ failures }) => failures),
});
