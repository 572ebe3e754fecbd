import { existsSync } from "node:fs";
import { BelayError } from "@belay/supervise";
import { isAcceptable, parseTruth, problemOf } from "./check-value.ts";
import type { Config } from "./config.ts";
import { editIni } from "./edit-ini.ts";
import { findOption, type Option } from "./options.ts";
import { readIni } from "./read-ini.ts";

/** Section of a session's file that holds its options. */
const section = "vars";

/**
 * The option a caller named.
 *
 * @throws BelayError `ENAME`
 */
export function requireOption(given: string): Option {
  const option = findOption(given);
  if (option === undefined) throw new BelayError("ENAME", `Invalid config name "${given}"`, { name: given });
  return option;
}

/**
 * Tells whether an option exists and, where a value is given, may have it. Options that cannot be set pass: glusterd has a better
 * message for them.
 *
 * @throws BelayError `ENAME`, `EVALUE`
 */
export function checkOption(given: string, value: string | undefined): void {
  const option = requireOption(given);
  if (value !== undefined) requireValue(option, given, value);
}

/**
 * Sets an option in a session's file, which has to exist.
 *
 * @param present  what is in force: a text that is the same is not written
 * @throws BelayError `ENAME`, `EVALUE`, `ENOTCONF`; of {@link editIni}
 */
export async function setOption(file: string, given: string, value: string, present?: Config): Promise<void> {
  const option = requireOptionOf(file, given);
  requireConfigurable(option, given, file);
  requireValue(option, given, value);
  if (option.type === "string" && present?.text(option.name) === value) return;
  const stored = option.check.kind === "bool" ? String(parseTruth(value)) : value;
  await editIni(file, ({ sections }) => {
    const entries = sections.get(section) ?? new Map<string, string>();
    if (entries.get(option.name) === stored) return false;
    for (const name of entries.keys()) if (name !== option.name && findOption(name) === option) entries.delete(name);
    sections.set(section, entries.set(option.name, stored));
    return true;
  });
}

/**
 * Takes options out of a session's file, which has to exist: one by its name, or `all`.
 *
 * @throws BelayError `ENAME`, `ENOTCONF`; of {@link editIni}
 */
export async function resetOption(file: string, given: string): Promise<void> {
  if (given === "all" && existsSync(file)) return resetAll(file);
  const option = requireOptionOf(file, given);
  requireConfigurable(option, given, file);
  await editIni(file, ({ sections }) => {
    const entries = sections.get(section);
    return entries !== undefined && forget(entries, option);
  });
}

// A name that stands in the file, and that nobody here knows, is refused in another way than one that does not.
function requireOptionOf(file: string, given: string): Option {
  const stored = () => readIni(file)?.sections.get(section);
  if (findOption(given) === undefined && stored()?.has(given) === true)
    throw new BelayError("ENOTCONF", `Not configurable "${given}"`, { hint: "reset all, and it is gone" });
  return requireOption(given);
}

// What the monitor writes for itself stays: it is not anybody's setting. Names that mean nothing go.
async function resetAll(file: string): Promise<void> {
  await editIni(file, ({ sections }) => {
    const entries = sections.get(section);
    const gone = [...(entries?.keys() ?? [])].filter((name) => findOption(name)?.configurable !== false);
    for (const name of gone) entries?.delete(name);
    return gone.length > 0;
  });
}

/** Removes an option under each of the names it may stand under. */
function forget(entries: Map<string, string>, option: Option): boolean {
  const found = [...entries.keys()].filter((name) => findOption(name) === option);
  for (const name of found) entries.delete(name);
  return found.length > 0;
}

function requireConfigurable(option: Option, given: string, file: string): void {
  if (option.configurable && existsSync(file)) return;
  const hint = option.configurable ? `there is no session file ${file}` : "gsyncd sets it itself";
  throw new BelayError("ENOTCONF", `Not configurable "${given}"`, { hint });
}

function requireValue(option: Option, given: string, value: string): void {
  if (isAcceptable(option, value)) return;
  throw new BelayError("EVALUE", `Invalid config value "${given}=${value}"`, {
    hint: expected(option, value),
  });
}

function expected({ name, check }: Option, value: string): string {
  switch (check.kind) {
    case "int":
      return `${name} is a whole number`;
    case "range":
      return `${name} is a whole number from ${check.min} to ${check.max}`;
    case "choice":
      return `${name} is one of ${check.of.join(", ")}`;
    case "strict-bool":
    case "bool":
      return `${name} is true or false`;
    case "program":
      return `${name} is the path of a program`;
    case "unix-time":
      return `${name} is a time in seconds since 1970`;
    case "parsed":
      return problemOf(check.parse, value) ?? `${name} is one line of text`;
    case "any":
      return `${name} is one line of text`;
  }
}

/**
 * Stores what a monitor found out about its volumes (`primary-distribution-count`, `stime-xattr-prefix` …), whether or not users may set it.
 * Nothing is written when it is there already.
 *
 * @throws of {@link editIni}
 */
export async function storeFacts(file: string, facts: Readonly<Record<string, string>>): Promise<void> {
  await editIni(file, ({ sections }) => {
    const entries = sections.get(section) ?? new Map<string, string>();
    const news = Object.entries(facts).filter(([name, value]) => entries.get(name) !== value);
    for (const [name, value] of news) entries.set(name, value);
    sections.set(section, entries);
    return news.length > 0;
  });
}
