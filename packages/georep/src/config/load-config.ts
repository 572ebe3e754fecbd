import type { Places } from "../session/places.ts";
import { sessionConfigPath } from "../session/places.ts";
import { nameForFile, type Session } from "../session/session.ts";
import { createConfig, type Config } from "./config.ts";
import { findOption, options } from "./options.ts";
import { changedDefaults, machineDefaults } from "./machine-defaults.ts";
import { sectionOf } from "./python-ini.ts";
import { readIni } from "./read-ini.ts";

/** What a configuration is about. */
export interface ConfigRequest {
  readonly places: Places;
  readonly session: Session;
  /** The session's file; default {@link sessionConfigPath}. `undefined` in a role that reads none is `null`. */
  readonly file?: string | null | undefined;
  /** What the command line sets, by option. */
  readonly commandLine?: ReadonlyMap<string, string>;
  /** Facts of the role that templates may name: `local_path`, `primary_node`, `primary_brick` … */
  readonly facts?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the configuration of a session. A file that is not there leaves the defaults.
 *
 * @throws BelayError `ECONFIG` when the session's file cannot be understood; system errors of reading it
 */
export function loadConfig({ places, session, file, commandLine = new Map(), facts = {} }: ConfigRequest): Config {
  const path = file ?? sessionConfigPath(places, session);
  const ini = file === null ? undefined : readIni(path);
  const { values: machine, problems } = machineDefaults(places);
  if (ini !== undefined) for (const [name, value] of changedDefaults(ini)) machine.set(name, value);
  return createConfig({
    file: path,
    machine,
    ...sortEntries(ini && sectionOf(ini, "vars")),
    commandLine,
    variables: variablesOf(session, facts),
    problems,
  });
}

/** A brick's path as it stands in names of files: `-` for `/`, none at the ends. */
export function brickId(path: string): string {
  return path.replaceAll("/", "-").replace(/^-+|-+$/g, "");
}

function variablesOf(session: Session, facts: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const named: Record<string, string | undefined> = {
    ...facts,
    primary: nameForFile(session.primary),
    primary_secondary_host: nameForFile(session.host),
    secondaryuser: session.user ?? "root",
    secondaryvol: nameForFile(session.volume),
    local_id: facts["local_path"] && brickId(facts["local_path"]),
    primary_brick_id: facts["primary_brick"] && brickId(facts["primary_brick"]),
  };
  const known = Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new Map(known);
}

/** Entries sorted into options, under their names of today, and others. */
function sortEntries(
  entries: ReadonlyMap<string, string> | undefined,
): Record<"session" | "unknown", Map<string, string>> {
  const session = new Map<string, string>();
  const unknown = new Map<string, string>();
  for (const [name, value] of entries ?? []) {
    const option = options.get(name) ?? findOption(name);
    if (option === undefined) unknown.set(name, value);
    else session.set(option.name, value);
  }
  return { session, unknown };
}
