import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isZodbError } from "../../errors/zodb-error.ts";
import { formatOid } from "../../ids/oid.ts";
import { formatTid } from "../../ids/tid.ts";
import type { Storage } from "../../storage.ts";
import { python, pythonJson } from "../../testing/python.ts";

/** A directory that goes with its scope. */
export interface TemporaryDirectory extends Disposable {
  file(name: string): string;
}

/** Makes a directory for one test. */
export function temporaryDirectory(): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), "belay-test-fs-"));
  return { file: (name) => join(path, name), [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Text of a Python script of this folder. */
export function script(name: string): string {
  return readFileSync(fileURLToPath(new URL(name, import.meta.url)), "utf8");
}

/** What storages are compared by; ids and bytes are hexadecimal. */
export interface Contents {
  readonly last: string;
  readonly maxOid: string;
  readonly transactions: readonly {
    readonly tid: string;
    readonly status: string;
    readonly user: string;
    readonly description: string;
    readonly extension: string;
    readonly records: readonly (readonly [oid: string, tid: string, sha1: string | null, dataTid: string | null])[];
  }[];
  readonly loads: readonly (readonly [oid: string, before: string, found: Load])[];
  readonly history: readonly (readonly [oid: string, lines: readonly (readonly [tid: string, size: number])[]])[];
}

type Load = null | "POSKeyError" | readonly [sha1: string, serial: string, next: string | null];

/** Makes the database of rich.py. */
export function makeRich(path: string, options: { tree: number; pack: boolean }): void {
  python(script("rich.py"), { args: [path, String(options.tree), ...(options.pack ? ["pack"] : [])] });
}

/** What Python finds in a database. */
export function pythonContents(path: string, moments: number, objects: number): Contents {
  return pythonJson(script("oracle.py"), { args: [path, String(moments), String(objects)] }) as Contents;
}

/** What we find in a database when asked the same questions. */
export function ourContents(storage: Storage, like: Contents): Contents {
  return {
    last: formatTid(storage.lastTid()),
    maxOid: formatOid(storage.maxOid()),
    transactions: [...storage.iterate()].map(({ tid, status, user, description, extension, records }) => ({
      tid: formatTid(tid),
      status,
      user: hex(user),
      description: hex(description),
      extension: hex(extension),
      records: [...records].map((r) => [
        formatOid(r.oid),
        formatTid(r.tid),
        r.data === undefined ? null : sha1(r.data),
        r.dataTid === undefined ? null : formatTid(r.dataTid),
      ]),
    })),
    loads: like.loads.map(([oid, before]) => [oid, before, load(storage, BigInt(`0x${oid}`), BigInt(`0x${before}`))]),
    history: like.history.map(([oid]) => [
      oid,
      storage.history(BigInt(`0x${oid}`), 1000).map(({ serial, size }) => [formatTid(serial), size]),
    ]),
  };
}

function load(storage: Storage, oid: bigint, before: bigint): Load {
  try {
    const found = storage.loadBefore(oid, before);
    if (found === undefined) return null;
    return [sha1(found.data), formatTid(found.serial), found.next === undefined ? null : formatTid(found.next)];
  } catch (error) {
    if (isZodbError(error, "EPOSKEY")) return "POSKeyError";
    throw error;
  }
}

function sha1(data: Uint8Array): string {
  return createHash("sha1").update(data).digest("hex");
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
