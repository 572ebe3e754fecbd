import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSession, proposeSession, type CreateRequest } from "../command/create.ts";
import type { KnownSession } from "../command/known-session.ts";
import { georepPlaces, type GeorepPlaces } from "../command/places.ts";
import type { Talk } from "../command/talk.ts";

/** Sessions that have nothing to do with this machine's, and directories to replicate. */
export interface CommandPlace extends Disposable {
  readonly path: string;
  readonly places: GeorepPlaces;
  /** Path of a directory below, which is made. */
  directory(name: string): string;
  create(source: string, destination: string, more?: Partial<CreateRequest>): Promise<KnownSession>;
}

export function makeCommandPlace(): CommandPlace {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "belay-test-")));
  const places = georepPlaces({ BELAY_GEOREP_DIR: join(path, "belay") });
  return {
    path,
    places,
    directory: (name) => {
      mkdirSync(join(path, name), { recursive: true });
      return join(path, name);
    },
    create: async (source, destination, more = {}) => {
      const proposal = await proposeSession(places, { source, destination, cwd: path, ...more });
      const [problem] = proposal.problems;
      if (problem !== undefined) throw problem;
      return createSession(places, proposal);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** A talk that remembers what was said. */
export interface RecordedTalk extends Talk {
  readonly out: string[];
  readonly err: string[];
}

export function recordTalk(json = false): RecordedTalk {
  const out: string[] = [];
  const err: string[] = [];
  return {
    out,
    err,
    json,
    isTerminal: false,
    say: (line) => {
      if (!json) out.push(line);
    },
    write: (text) => void out.push(text),
    tell: (value) => {
      if (json) out.push(JSON.stringify(value));
    },
    warn: (line) => void err.push(line),
    complain: (error) => void err.push(String(error)),
  };
}
