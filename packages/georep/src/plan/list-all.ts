import type { FileId } from "../ids/file-id.ts";
import type { ListedName } from "../rpc/list-messages.ts";
import type { Secondary } from "../rpc/secondary-client.ts";

/** All names of a directory at the destination, by key; undefined when it is not known there. */
export async function listAll(secondary: Secondary, directory: FileId): Promise<Map<string, ListedName> | undefined> {
  const all = new Map<string, ListedName>();
  for (let after = ""; ;) {
    const [reply] = await secondary.list([{ directory, after }]);
    if (reply?.known !== true) return undefined;
    for (const listed of reply.names) all.set(listed.name, listed);
    if (reply.upTo === "") return all;
    after = reply.upTo;
  }
}
