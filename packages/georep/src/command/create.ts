import { BelayError, toError } from "@belay/supervise";
import { storeFacts } from "../config/change-config.ts";
import { loadConfig } from "../config/load-config.ts";
import type { Config } from "../config/config.ts";
import type { Expected } from "../rpc/hello-messages.ts";
import { makeDirectory } from "../tree/make-directory.ts";
import { writeMonitorStatus } from "../status/monitor-status.ts";
import { checkLocalDestination, checkOthers } from "./check-destination.ts";
import { checkRemote, lookAtRemote } from "./check-remote.ts";
import { checkNested, checkSource } from "./check-source.ts";
import { parseEnds, pathOf } from "./ends.ts";
import { listSessions, otherWay } from "./find-session.ts";
import { fasterCipher } from "./faster-cipher.ts";
import { parseOption, type GivenOption } from "./given-options.ts";
import { intoState } from "./into-state.ts";
import { keyFileFor } from "./key.ts";
import { sessionOfPair, writeRecord, type KnownSession } from "./known-session.ts";
import { placeOptions, type GeorepPlaces } from "./places.ts";
import { destinationHere, rememberDestination } from "./remember-destination.ts";
import { sshOptions, withKey } from "./ssh-options.ts";
import { statePath } from "./session-files.ts";

/** What is to be created. */
export interface CreateRequest {
  readonly source: string;
  readonly destination: string;
  readonly cwd?: string;
  /** Another name than the one that is made up. */
  readonly name?: string | undefined;
  /** A destination that is not empty is taken. */
  readonly force?: boolean;
  /** False: the destination is not looked at. */
  readonly verify?: boolean;
  readonly sshPort?: number | undefined;
  readonly sshKey?: string | undefined;
  readonly remoteGsyncd?: string | undefined;
  /** Nothing may be made at the destination either. */
  readonly dryRun?: boolean;
  /** `NAME=VALUE` */
  readonly options?: readonly string[];
}

/** A session as it would be created. */
export interface Proposal {
  readonly known: KnownSession;
  /** What its configuration will hold. */
  readonly options: readonly GivenOption[];
  /** What keeps it from being created. */
  readonly problems: readonly BelayError[];
  /** The destination has been looked at: as what it is to be remembered, once it is made. */
  readonly looked?: (() => Expected) | undefined;
}

/**
 * Looks at both ends, and at the sessions there are, and tells what would be created.
 *
 * @throws BelayError `EEXIST` for a session there is already; `EURL`, `ENAME`, `EVALUE` … for a request that makes no sense
 */
export async function proposeSession(
  places: GeorepPlaces,
  request: CreateRequest,
  signal?: AbortSignal,
): Promise<Proposal> {
  const ends = parseEnds(request.source, request.destination, request.cwd ?? process.cwd());
  const known = sessionOfPair(places, ends, request.name);
  const all = listSessions(places);
  refuseExisting(known, all);
  const options = await sessionOptions(places, known, request);
  const problems = [...checkFileNames(known), ...checkSource(ends.source.path), ...checkOthers(known, all)];
  // Another machine is not called for a source that is not there.
  const isCalled = ends.destination.scheme === "file" || problems.length === 0;
  if (request.verify === false || !isCalled) return { known, options, problems };
  const looked = await checkDestination(places, known, request, options, signal);
  return { known, ...looked, problems: [...problems, ...looked.problems] };
}

/** Creates it: folder, configuration, state, and last the record that makes it a session. Repeated after a crash it starts over. */
export async function createSession(places: GeorepPlaces, proposal: Proposal): Promise<KnownSession> {
  const { known, options, looked } = proposal;
  if (known.destination.scheme === "file") makeDestination(pathOf(known.destination));
  return intoState(known.folder, async () => {
    makeDirectory(known.folder, 0o700);
    await storeFacts(known.configFile, Object.fromEntries(options));
    await writeMonitorStatus(statePath(known), "Created");
    if (looked !== undefined) rememberDestination(places, known, looked());
    await writeRecord(known);
    return known;
  });
}

function makeDestination(path: string): void {
  try {
    makeDirectory(path);
  } catch (error) {
    throw new BelayError("EDESTINATION", `the destination cannot be made: ${toError(error).message}`, {
      hint: "choose another place",
      cause: error,
    });
  }
}

function refuseExisting(known: KnownSession, all: readonly KnownSession[]): void {
  const found = all.find(({ id }) => id === known.id);
  if (found !== undefined && found.destination.scheme !== known.destination.scheme) throw otherWay(found);
  if (found !== undefined) {
    throw new BelayError("EEXIST", `the session is there already: ${found.name}`, {
      hint: `belay georep start ${found.name}`,
    });
  }
  if (all.some(({ name }) => name === known.name)) {
    throw new BelayError("EEXIST", `a session is named ${known.name} already`, { hint: "choose another --name" });
  }
}

async function sessionOptions(
  places: GeorepPlaces,
  known: KnownSession,
  request: CreateRequest,
): Promise<GivenOption[]> {
  const given = Object.fromEntries((request.options ?? []).map(parseOption));
  const own: Record<string, string> = { ...placeOptions(places), "primary-volume-id": known.id };
  if (known.destination.scheme === "ssh") {
    const key = keyFileFor(places, known, request.sshKey);
    const isOurs = given["ssh-options"] === undefined;
    const cipher = isOurs ? await fasterCipher(["ssh"], known.destination.host) : undefined;
    Object.assign(own, sshOptions({ key, port: request.sshPort, cipher }));
    own["remote-gsyncd"] = request.remoteGsyncd ?? "";
    if (given["ssh-options"] !== undefined) given["ssh-options"] = withKey(given["ssh-options"], key);
  } else refuseSshOptions(known, request);
  return Object.entries({ ...own, ...given }).filter(([name, value]) => value !== "" || name in given);
}

function refuseSshOptions({ destination }: KnownSession, { sshPort, sshKey, remoteGsyncd }: CreateRequest): void {
  const given = { "--ssh-port": sshPort, "--ssh-key": sshKey, "--remote-gsyncd": remoteGsyncd };
  const name = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (name === undefined) return;
  throw new BelayError("EUSAGE", `${name} is for destinations on another machine`, {
    hint: `${pathOf(destination)} is on this one: leave it out, or write user@host:${pathOf(destination)}`,
  });
}

// Every option is checked as `config set` would; the file comes into being with all of them at once.
function proposedConfig(places: GeorepPlaces, { session }: KnownSession, options: readonly GivenOption[]): Config {
  return loadConfig({ places, session, file: null, commandLine: new Map(options) });
}

/** What is wrong with the destination, and the options with which it was looked at. */
async function checkDestination(
  places: GeorepPlaces,
  known: KnownSession,
  request: CreateRequest,
  options: readonly GivenOption[],
  signal: AbortSignal | undefined,
): Promise<Pick<Proposal, "options" | "problems" | "looked">> {
  const { source, destination } = known;
  const force = request.force === true;
  if (destination.scheme === "file") {
    const nested = checkNested(source.path, destination.path);
    const problems = nested.length > 0 ? nested : checkLocalDestination(known, force);
    return { options, problems, looked: () => destinationHere(known) };
  }
  const check = request.dryRun === true ? lookAtRemote : checkRemote;
  const look = (given: readonly GivenOption[]) => check(known, proposedConfig(places, known, given), force, signal);
  const { problems, looked } = await look(options);
  // A key without a forced command leaves it to us to name the program: it may be on the path over there.
  if (request.remoteGsyncd !== undefined || !problems.some(({ code }) => code === "ENOGSYNCD"))
    return { options, problems, looked };
  const onPath: GivenOption[] = [...options, ["remote-gsyncd", "gsyncd"]];
  const again = await look(onPath);
  return again.problems.some(({ code }) => code === "ENOGSYNCD")
    ? { options, problems }
    : { options: onPath, ...again };
}

/** The names of a session's files are made of its paths, and names have an end. */
function checkFileNames({ folder, source }: KnownSession): BelayError[] {
  const name = folder.slice(folder.lastIndexOf("/") + 1);
  const longest = Math.max(
    Buffer.byteLength(name),
    Buffer.byteLength(`brick_${encodeURIComponent(source.path)}.extra.json`),
  );
  if (longest <= 240) return [];
  return [
    new BelayError("ENAMETOOLONG", "the paths of source and destination are too long together", {
      hint: "replicate through a shorter path (a bind mount, or a link to the destination)",
    }),
  ];
}
