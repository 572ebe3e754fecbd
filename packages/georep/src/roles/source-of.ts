import { createHash } from "node:crypto";
import { join } from "node:path";

import { BelayError } from "@belay/supervise";

import type { RoleRequest } from "../cli/roles.ts";
import type { Config } from "../config/config.ts";
import { isSessionId } from "../rpc/preamble.ts";
import { sessionFolder, type Session } from "../session/session.ts";
import { escapeUrl } from "../url/format.ts";
import type { FileResource, Resource } from "../url/resource.ts";

/** One source of a session on this machine: there is a worker for each. */
export interface Source {
  /** Brick, or directory that is replicated. */
  readonly path: string;
}

/**
 * What of a session this machine has to replicate.
 *
 * @throws BelayError `EGLUSTER` for volumes
 */
export function sourcesOf({ primary, secondary }: Pick<RoleRequest, "primary" | "secondary">): Source[] {
  requireDirectory(secondary.scheme === "ssh" ? secondary.inner : secondary);
  return [{ path: requireDirectory(primary).path }];
}

/** @throws BelayError `EGLUSTER` for anything but a directory */
export function requireDirectory(resource: Resource): FileResource {
  if (resource.scheme === "file") return resource;
  throw new BelayError("EGLUSTER", `${resource.scheme}://${resource.body}: Gluster volumes cannot be replicated yet`, {
    hint: "replicate directories: gsyncd monitor file:///source [ssh://user@host:]file:///destination",
  });
}

/** Names longer than that are told apart by their sum. */
const longestName = 200;

/** Folder of a source's journal, queue and sockets: its escaped path in `working-dir`. */
export function workingPath(config: Config, source: string): string {
  const name = escapeUrl(source);
  const isShort = Buffer.byteLength(name) <= longestName;
  return join(config.text("working-dir"), isShort ? name : createHash("sha256").update(source).digest("hex"));
}

/**
 * Id of the source, under which the receiving end keeps its state and to which keys may be tied: `primary-volume-id` of the configuration, or
 * one made of the session's names.
 */
export function sourceId(config: Config, session: Session): string {
  const given = config.text("primary-volume-id");
  if (given !== "") return given;
  const sum = createHash("sha256").update(sessionFolder(session)).digest("hex");
  return [sum.slice(0, 8), sum.slice(8, 12), sum.slice(12, 16), sum.slice(16, 20), sum.slice(20, 32)].join("-");
}

/** An id as the protocol names sessions. */
export function protocolSession(id: string): string {
  return isSessionId(id) ? id : createHash("sha256").update(id).digest("hex").slice(0, 32);
}
