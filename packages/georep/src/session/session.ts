import { BelayError } from "@belay/supervise";
import type { Resource } from "../url/resource.ts";

/** Which replication a call is about: a primary volume, and a secondary volume on a host. */
export interface Session {
  readonly primary: string;
  /** User on the secondary host; undefined when the call named none. */
  readonly user: string | undefined;
  readonly host: string;
  readonly volume: string;
}

/**
 * The session of `PRIMARY [USER@]HOST::VOLUME`, the way current versions of gsyncd are given it.
 *
 * @throws BelayError `EURL` when the secondary is written in another way
 */
export function parseSession(primary: string, secondary: string): Session {
  const [where, volume, ...more] = secondary.split("::");
  const [host = "", user, ...others] = (where ?? "").split("@").reverse();
  if (volume === undefined || more.length > 0 || others.length > 0 || host === "" || volume === "" || primary === "") {
    throw new BelayError("EURL", `'${primary}' and '${secondary}' are no session`, {
      hint: "a session is written PRIMARY-VOLUME [USER@]HOST::SECONDARY-VOLUME",
    });
  }
  return { primary, user, host, volume };
}

/** `[USER@]HOST::VOLUME` */
export function secondaryText({ user, host, volume }: Session): string {
  return `${user === undefined ? "" : `${user}@`}${host}::${volume}`;
}

/**
 * A part of a session as it stands in names of files.
 *
 * Names of volumes and hosts stay as they are. What could lead out of a folder is percent-escaped, so that every file of a session
 * lies where the sessions are, whatever the caller named it.
 */
export function nameForFile(part: string): string {
  return part.replace(/[/%\u0000-\u001f\u007f]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

/** Name of the folders of a session, for state, logs and scratch files alike: `PRIMARY_HOST_VOLUME`. */
export function sessionFolder({ primary, host, volume }: Session): string {
  return [primary, host, volume].map(nameForFile).join("_");
}

/**
 * The session between any two resources: volumes and hosts under their names, directories under their paths.
 *
 * A receiving end that stands alone, as on the far side of ssh, makes a session with itself.
 */
export function sessionBetween(local: Resource, remote: Resource = local): Session {
  const target = remote.scheme === "ssh" ? remote.inner : remote;
  return {
    primary: placeOf(local),
    user: remote.scheme === "ssh" ? remote.user : undefined,
    host: remote.scheme === "file" ? "localhost" : remote.host,
    volume: placeOf(target),
  };
}

function placeOf(resource: Resource): string {
  if (resource.scheme === "file") return resource.path;
  return resource.scheme === "gluster" ? resource.volume : placeOf(resource.inner);
}
