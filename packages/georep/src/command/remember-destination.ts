import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { noReplica, type Expected } from "../rpc/hello-messages.ts";
import { siteOf } from "../secondary/site.ts";
import { queueName, WorkQueue } from "../worker/queue.ts";
import { pathOf } from "./ends.ts";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";
import { workingFolder } from "./session-files.ts";

/** A destination of this machine as it is now: on which file system, and nothing written yet. */
export function destinationHere({ destination }: KnownSession): Expected {
  return { replica: noReplica, site: siteOf(pathOf(destination)) };
}

/**
 * Remembers what was looked at when a session was created, where its first worker finds it: a destination whose file system is not mounted by then is
 * not filled in its mount point.
 */
export function rememberDestination(places: GeorepPlaces, known: KnownSession, created: Expected): void {
  const folder = workingFolder(places, known);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  using queue = new WorkQueue(join(folder, queueName));
  queue.record({ created });
}
