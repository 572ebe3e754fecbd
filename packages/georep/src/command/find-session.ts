import { readdirSync } from "node:fs";
import { BelayError, hasCode } from "@belay/supervise";
import { endText, parseEnd, parseEnds, shortEnd } from "./ends.ts";
import { readRecord, sessionOfPair, type KnownSession } from "./known-session.ts";
import { sessionsFolder, type GeorepPlaces } from "./places.ts";

/** All sessions that were created here, by name. */
export function listSessions(places: GeorepPlaces): KnownSession[] {
  return folderNames(places)
    .flatMap((name) => readRecord(places, name) ?? [])
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The session a caller means: by source and destination, by its name or the beginning of it, or by its source alone.
 *
 * @throws BelayError `ENOSESSION`, `EAMBIGUOUS`, `EURL`
 */
export function findSession(places: GeorepPlaces, words: readonly string[], cwd = process.cwd()): KnownSession {
  const [first = "", second] = words;
  if (second === undefined) return findByWord(places, first, cwd);
  const asked = sessionOfPair(places, parseEnds(first, second, cwd));
  const found = listSessions(places).find(({ id }) => id === asked.id);
  if (found !== undefined && endText(found.destination) === endText(asked.destination)) return found;
  if (found !== undefined) throw otherWay(found);
  throw new BelayError("ENOSESSION", `${shortEnd(asked.source)} is not replicated to ${shortEnd(asked.destination)}`, {
    hint: "belay georep list shows what is; belay georep create makes a session",
  });
}

/** A session between the same two directories, but reached in another way (user, or ssh to this machine). */
export function otherWay(found: KnownSession): BelayError {
  const { name, source, destination } = found;
  return new BelayError("EOTHERWAY", `${shortEnd(source)} is replicated to ${endText(destination)} (${name})`, {
    hint: `name the session ${name}, or delete it first`,
  });
}

function findByWord(places: GeorepPlaces, name: string, cwd: string): KnownSession {
  const all = listSessions(places);
  const found = meant(all, name, cwd);
  const [one, ...more] = found;
  if (one === undefined) {
    const names = all.map((known) => known.name).join(", ");
    throw new BelayError("ENOSESSION", `there is no session '${name}'`, {
      hint: names === "" ? "there are none at all: belay georep create SRC DST makes one" : `there are: ${names}`,
    });
  }
  if (more.length === 0) return one;
  throw new BelayError("EAMBIGUOUS", `'${name}' may be ${found.map((known) => known.name).join(" or ")}`, {
    hint: "give more of the name, or source and destination",
  });
}

// A name comes before the beginning of one, and both before a source.
function meant(all: readonly KnownSession[], word: string, cwd: string): KnownSession[] {
  const exact = all.filter(({ name }) => name === word);
  if (word === "" || exact.length > 0) return exact;
  const begun = all.filter(({ name }) => name.startsWith(word));
  return begun.length > 0 ? begun : all.filter(({ source }) => endText(source) === placeText(word, cwd));
}

function placeText(word: string, cwd: string): string | undefined {
  try {
    return endText(parseEnd(word, cwd));
  } catch (error) {
    if (hasCode(error, "EURL", "ENOTYET")) return undefined;
    throw error;
  }
}

function folderNames(places: GeorepPlaces): string[] {
  try {
    return readdirSync(sessionsFolder(places));
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}
