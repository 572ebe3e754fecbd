import { userError } from "@belay/supervise";
import { parseZurl, type Storage, type Zurl } from "@belay/zodb";

/**
 * The zurl by which a server, which is another process, opens the database of a storage that is open here.
 *
 * @throws BelayError `EINRAM`: a part of it exists in this process only
 */
export function zurlOf({ zurl }: Pick<Storage, "zurl">): string {
  if (isInRam(parseZurl(zurl))) {
    throw userError("EINRAM", `${zurl}: in-RAM storages are not supported`, {
      hint: "a server is another process, which cannot see them: keep the database in a file",
    });
  }
  return zurl;
}

function isInRam(zurl: Zurl): boolean {
  return zurl.kind === "memory" || (zurl.kind === "demo" && (isInRam(zurl.base) || isInRam(zurl.delta)));
}
