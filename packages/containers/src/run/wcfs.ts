import { BelayError } from "@belay/supervise";

/** A database view to be seen in a container. */
export interface WcfsSpec {
  readonly zurl: string;
  /** Revision, 16 hexadecimal digits; undefined: the newest one, found out when it is mounted. */
  readonly tid: string | undefined;
  /** Where it is seen in the container. */
  readonly target: string;
}

/** A view that is mounted; leaving its scope lets it go. */
export interface MountedView extends AsyncDisposable {
  /** Folder of the view on this machine: `MOUNTPOINT/@TID`. */
  readonly path: string;
  /** Revision it shows, 16 hexadecimal digits. */
  readonly tid: string;
}

/** Mounts a database at a fixed revision. The command line's package gives it, as this one knows no databases. */
export type WcfsMounter = (request: {
  readonly zurl: string;
  readonly tid: string | undefined;
  readonly signal: AbortSignal;
}) => Promise<MountedView>;

/** Where a view is seen unless told otherwise. */
export const defaultTarget = "/wcfs";

/**
 * Reads `ZURL[@TID][:/PATH]`.
 *
 * A ZURL may hold colons, slashes and at-signs itself: a revision is 16 hexadecimal digits at the end, and a path begins with one slash, not two.
 *
 * @throws BelayError `EUSAGE`
 */
export function parseWcfsSpec(text: string): WcfsSpec {
  const match = /^(.+?)(?:@([0-9a-fA-F]{16}))?(?::(\/(?!\/)[^:@]*))?$/.exec(text);
  const [, zurl = "", tid, target = defaultTarget] = match ?? [];
  const wrong = whatIsWrong(zurl, target);
  if (wrong !== undefined) throw new BelayError("EUSAGE", `--wcfs ${text} ${wrong[0]}`, { hint: wrong[1] });
  return { zurl, tid: tid?.toLowerCase(), target };
}

// A server would look for a database of that name, and the engine for a folder.
function whatIsWrong(zurl: string, target: string): [string, string] | undefined {
  if (!/^[a-z][a-z0-9+.-]*:./i.test(zurl)) {
    return ["is no ZURL[@TID][:/PATH]", "for a FileStorage: file:///PATH/TO/data.fs"];
  }
  if (/:\/(?!\/)/.test(zurl)) return ["names a path that holds a colon or an at-sign", "the engine takes none"];
  if (/@[0-9a-f]+$/i.test(zurl)) return ["ends with no revision", "@TID is 16 hexadecimal digits: belay wcfs log"];
  if (/^\/[./]*$/.test(target)) return ["puts the view in the place of the whole container", "name a folder: :/wcfs"];
  return undefined;
}
