import { createHash } from "node:crypto";

import { BelayError } from "@belay/supervise";

import type { RoleRequest } from "../cli/roles.ts";
import type { Config } from "../config/config.ts";
import { isSessionId } from "../rpc/preamble.ts";
import { sessionFolder, type Session } from "../session/session.ts";
import { workingPath } from "../session/working-path.ts";
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

/** Folder of a source's journal, queue and sockets. */
export function workingFolder(config: Config, { path }: Source): string {
  return workingPath(config.text("working-dir"), path);
}

/**
 * Id of the source, under which the receiving end keeps its state and to which keys may be tied: `primary-volume-id` of the configuration, or
 * one made of the session's names.
 */
export function sourceId(config: Config, session: Session): string {
  const given = config.text("primary-volume-id");
  if (given !== "") return given;
  return createHash("sha256").update(sessionFolder(session)).digest("hex").slice(0, 32);
}

/** An id as the protocol names sessions. */
export function protocolSession(id: string): string {
  return isSessionId(id) ? id : createHash("sha256").update(id).digest("hex").slice(0, 32);
}
