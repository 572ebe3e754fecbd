import { keyOf, type FileId } from "../ids/file-id.ts";
import { dirty } from "../journal/record.ts";
import { dirtyName, type DirtyName } from "../plan/dirty-set.ts";
import type { ApplyReply, ApplyRequest, Failure } from "../rpc/messages.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import type { NamedPlace } from "./wanted-content.ts";

/**
 * What a reply shows to be missing from the batch: where a directory is now that lost its name, other names of what was changed under one that has
 * gone, and the directories that lead to a name whose own directory is not known at the destination.
 */
export function namesToFollow(tree: SourceTree, request: ApplyRequest, reply: ApplyReply): DirtyName[] {
  const { detached, others, failures } = reply;
  if (detached.length + others.length + failures.length === 0) return [];
  const planned = new Set(request.entries.map(({ parent, name }) => `${keyOf(parent)}/${keyOf(name)}`));
  const moved = detached.flatMap((id) => tree.whereIs(id) ?? []);
  const unplanned = moved.filter(({ directory, name }) => !planned.has(`${keyOf(directory)}/${keyOf(name)}`));
  const ways = failures.filter(isParentless).flatMap(({ id, name }) => [...wayTo(tree, id), { directory: id, name }]);
  const changed = others.map(({ parent: directory, name }) =>
    dirtyName({ directory, name }, dirty.data | dirty.metadata),
  );
  return [...[...unplanned, ...ways].map((place) => dirtyName(place, dirty.entry)), ...changed];
}

/** A name failed because its directory is not known at the destination. */
export const isParentless = ({ code }: Failure): boolean => code === "EPARENT";

const longestWay = 1000;

function wayTo(tree: SourceTree, directory: FileId): NamedPlace[] {
  const way: NamedPlace[] = [];
  for (let at = tree.whereIs(directory); at !== undefined && way.length < longestWay; at = tree.whereIs(at.directory))
    way.unshift(at);
  return way;
}
