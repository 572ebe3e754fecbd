import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { hasCode, writeFileAtomic } from "@belay/supervise";
import { sessionBetween, sessionFolder, type Session } from "../session/session.ts";
import { endText, parseEnd, pathOf, type Ends } from "./ends.ts";
import { sessionsFolder, type GeorepPlaces } from "./places.ts";

/** A session that was created, or may be: its ends, and where its files are. */
export interface KnownSession extends Ends {
  /** Short, unique here: last name of the source and the beginning of the id. */
  readonly name: string;
  /** 32 hexadecimal digits, the same whenever the same pair is created; names the state at the destination. */
  readonly id: string;
  readonly session: Session;
  readonly folder: string;
  readonly configFile: string;
  /** Seconds since 1970; 0: not created. */
  readonly created: number;
}

const recordName = "session.json";

/** What belongs to a pair, whether or not it was created. */
export function sessionOfPair(places: GeorepPlaces, ends: Ends, name?: string, created = 0): KnownSession {
  const session = sessionBetween(ends.source, ends.destination);
  const folderName = sessionFolder(session);
  const id = createHash("sha256").update(folderName).digest("hex").slice(0, 32);
  const folder = join(sessionsFolder(places), folderName);
  return {
    ...ends,
    name: name ?? `${readableName(pathOf(ends.source))}-${id.slice(0, 6)}`,
    id,
    session,
    folder,
    configFile: join(folder, "gsyncd.conf"),
    created,
  };
}

function readableName(path: string): string {
  const name = basename(path).replace(/[^\w.-]+/g, "-");
  return name === "" ? "root" : name.replace(/^-+/, "").slice(0, 40);
}

/** The record that makes a folder a session. */
export function recordPath({ folder }: Pick<KnownSession, "folder">): string {
  return join(folder, recordName);
}

/** Writes down that a session exists; the last step of creating it. */
export async function writeRecord(known: KnownSession, now = Date.now()): Promise<void> {
  const record = {
    version: 1,
    name: known.name,
    id: known.id,
    source: endText(known.source),
    destination: endText(known.destination),
    created: Math.floor(now / 1000),
  };
  await writeFileAtomic(recordPath(known), Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`));
}

/** The session of a folder; undefined when there is none, or one that was not created to the end. */
export function readRecord(places: GeorepPlaces, folderName: string): KnownSession | undefined {
  const record = parseRecord(join(sessionsFolder(places), folderName, recordName));
  if (record === undefined) return undefined;
  const { source, destination, name, created } = record;
  try {
    const [from, to] = [parseEnd(source, "/"), parseEnd(destination, "/")];
    if (from.scheme === "ssh") return undefined;
    const known = sessionOfPair(places, { source: from, destination: to }, name, created);
    return basename(known.folder) === folderName ? known : undefined;
  } catch (error) {
    if (hasCode(error, "EURL", "ENOTYET")) return undefined;
    throw error;
  }
}

interface StoredRecord {
  readonly name: string;
  readonly source: string;
  readonly destination: string;
  readonly created: number;
}

function parseRecord(path: string): StoredRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { name, source, destination, created } = { ...value } as Record<string, unknown>;
  if (typeof name !== "string" || typeof source !== "string" || typeof destination !== "string") return undefined;
  return { name, source, destination, created: typeof created === "number" ? created : 0 };
}
