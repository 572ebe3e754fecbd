import { close, errno, errnoOf } from "@belay/linux";
import { BelayError } from "@belay/supervise";

import { keyOf, type FileId } from "../ids/file-id.ts";
import { isSick } from "../rpc/failure.ts";
import { maxDigested, type Inspected, type InspectReply, type InspectRequest } from "../rpc/inspect-messages.ts";
import { digestOf } from "../tree/digest.ts";
import { isRegular } from "../tree/object-state.ts";
import { openFileAt, readObjectAt } from "../tree/read-object.ts";
import { look, openDirectory, type Batch } from "./batch.ts";
import { openNamed } from "./directory-modes.ts";
import { lookOnly } from "./between-batches.ts";
import { isBound, type Named } from "./own-access.ts";
import type { Session } from "./session.ts";

const nothing = Buffer.alloc(0);

/** Bytes of content that are read for one request, and of attributes that one reply holds, before it is cut short. */
const mostContent = 64 * 1024 * 1024;
const mostReply = 2 * 1024 * 1024;

/** Tells what names of a directory are here, with digests of their content if that is asked for: the copy as it is, not as it is remembered. */
export function inspect(session: Session, request: InspectRequest): InspectReply {
  return withDirectory(session, request.directory, (batch, dirfd) => {
    const owns = process.geteuid?.() === 0;
    if (dirfd === undefined) return { known: false, owns, names: [] };
    const names: (Inspected | undefined)[] = [];
    let [content, size] = [0, 0];
    for (const name of request.names) {
      if (content > mostContent || size > mostReply) break;
      const inspected = ifReadable(() => inspectName(batch, dirfd, { ...request, name }));
      names.push(inspected);
      content += inspected !== undefined && inspected.digest.length > 0 ? inspected.state.size : 0;
      size +=
        300 + (inspected?.state.xattrs ?? []).reduce((sum, xattr) => sum + xattr.name.length + xattr.value.length, 0);
    }
    return { known: true, owns, names };
  });
}

function inspectName(
  batch: Batch,
  dirfd: number,
  { directory, name, withContent }: Pick<InspectRequest, "directory" | "withContent"> & { name: Buffer },
): Inspected | undefined {
  const state = readOurs(batch, { dirfd, name }, () => readObjectAt(dirfd, name));
  if (state === undefined) return undefined;
  const id = name.length === 0 ? directory : (look(batch, dirfd, name)?.object?.id ?? nothing);
  const isDigested = withContent && isRegular(state.mode) && state.size <= maxDigested;
  const digest = isDigested ? digestAt(batch, { dirfd, name }, 0, state.size) : undefined;
  // It may be open to us just now, and only now.
  const before = batch.opened.has(keyOf(id)) ? batch.session.modesBefore.valueOf(id) : undefined;
  const mode = before === undefined ? state.mode : (state.mode & ~0o7777) | before;
  return { state: { ...state, id, mode }, digest: digest ?? nothing };
}

// What is not of this session keeps its mode whatever happens.
function readOurs<T>(batch: Batch, at: Named, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const object = isBound && errnoOf(error) === errno.EACCES ? look(batch, at.dirfd, at.name)?.object : undefined;
    if (object === undefined) throw error;
    openNamed(batch, object, at);
    return read();
  }
}

/** SHA-256 of a part of a file's content. @throws BelayError `ENOENT` */
export function digestPart(
  session: Session,
  part: { directory: FileId; name: Buffer; offset: number; length: number },
): Buffer {
  const { directory, name, offset, length } = part;
  return withDirectory(session, directory, (batch, dirfd) => {
    const digest = dirfd === undefined ? undefined : ifReadable(() => digestAt(batch, { dirfd, name }, offset, length));
    if (digest === undefined) throw new BelayError("ENOENT", "the digest of a file that is not here");
    return digest;
  });
}

// What cannot be looked at counts as not there. So it differs, is applied again, and if that fails, too, it is told why.
function ifReadable<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (errnoOf(error) === undefined || isSick(error)) throw error;
    return undefined;
  }
}

function digestAt(batch: Batch, at: Named, offset: number, length: number): Buffer | undefined {
  const fd = readOurs(batch, at, () => openFileAt(at.dirfd, at.name));
  if (fd === undefined) return undefined;
  try {
    return digestOf(fd, offset, length);
  } finally {
    close(fd);
  }
}

function withDirectory<T>(session: Session, id: FileId, action: (batch: Batch, dirfd: number | undefined) => T): T {
  return lookOnly(session, (batch) => action(batch, openDirectory(batch, id)));
}
