import { join } from "node:path";

import type { FileId } from "../ids/file-id.ts";
import type { Suspect } from "../rpc/hello-messages.ts";
import { maxObjects, type EntryName } from "../rpc/messages.ts";
import { isDirectory } from "../tree/object-state.ts";
import type { Place } from "./batch.ts";
import { DurableNotes } from "./durable-notes.ts";
import type { MappedObject } from "./map-rows.ts";
import { openToWrite } from "./own-access.ts";
import type { Session } from "./session.ts";

/**
 * Notes objects that a batch treats in a way that the map, should the batch be cut off, knows nothing of, and that no change of the source need tell of
 * again. They are noted before, and forgotten when the batch is finished:
 *
 * - a file that is written to in place: the map says that it has all its content;
 * - a directory that becomes another one here, made anew or taken over: the one that it was may be taken for something else from now on, and so be
 *   filled with what belongs elsewhere.
 *
 * @param base  the session's folder
 */
export const openSuspects = (base: string): DurableNotes => new DurableNotes(join(base, "suspects"));

/** Opens a file to write to in place. @throws as {@link openToWrite} */
export function openInPlace({ suspects }: Session, place: Place, { id, here }: MappedObject): number {
  suspects.note(id);
  return openToWrite(place, here);
}

/** To be called before an object becomes another one here. */
export function noteReplaced(
  { map, suspects }: Session,
  { id, mode }: Pick<MappedObject, "id" | "mode">,
  here: FileId,
): void {
  if (isDirectory(mode) && map.get(id)?.here.equals(here) === false) suspects.note(id);
}

/**
 * What has to be told of again after batches that were cut off. Files that were written to have no content from now on, as far as the map knows.
 *
 * @param wereHeld  objects that were in `held/`; their directories may have another time than the source's
 */
export function suspectIn({ map, suspects, gone, rootId }: Session, wereHeld: readonly FileId[]): Suspect {
  const [directories, names]: [FileId[], EntryName[]] = [[], []];
  for (const id of suspects.ids) {
    const object = map.get(id);
    if (object === undefined) continue;
    if (isDirectory(object.mode)) directories.push(id);
    else {
      map.put(withoutContent(object));
      names.push(...map.namesOf(id));
    }
  }
  if (directories.length > maxObjects || names.length > maxObjects) return { directories: [rootId], names: [] };
  for (const id of [...wereHeld, ...gone.values()]) names.push(...map.namesOf(id));
  return { directories, names: names.slice(0, maxObjects) };
}

/** A batch is finished. What was said to be suspect and was not told of stays so: a file that still has no content. */
export function endSuspicion(session: Session): void {
  const { map, suspects } = session;
  for (const id of suspects.ids) if (map.get(id)?.size !== -1) suspects.forget(id);
  suspects.settle();
  if (suspects.size === 0) return;
  const names = suspects.ids.flatMap((id) => map.namesOf(id)).slice(0, maxObjects);
  session.suspect = { directories: [], names };
}

const withoutContent = (object: MappedObject): MappedObject => ({
  ...object,
  size: -1,
  mtime: 0n,
  ctime: 0n,
  hereCtime: 0n,
});
