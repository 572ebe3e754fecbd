import { readIni } from "../config/read-ini.ts";
import { isSessionPath } from "../session/places.ts";
import { parseResource } from "../url/parse.ts";
import { commands } from "./commands.ts";
import { findLegacyOption, legacyOptions } from "./legacy/legacy-options.ts";

// What both interfaces know. glusterd's calls are made of these, and mean what they mean today.
const shared = new Set([
  "--canonicalize-url",
  "--config-check",
  "--config-del",
  "--config-get",
  "--config-get-all",
  "--config-set",
  "--config-set-rx",
  "--create",
  "--debug",
  "--delete",
  "--glusterd-uuid",
  "--help",
  "--iprefix",
  "--monitor",
  "--normalize-url",
  "--path",
  "--pause-on-start",
  "--status-get",
  "--verify",
  "--version",
]);

// What only glusterd's calls of today have.
const onlyToday = /^--(?:inet6|path-list|reset-sync-time|secondaryvoluuid-get|slavevoluuid-get|value)(?:=|$)/;

/**
 * Tells whether a call is in the interface of 2014 (`gsyncd [options] <master> <slave>`, GlusterFS 3.7 and before).
 *
 * Some calls mean different things then and now: `--config-set-rx` wrote the file, `-c` was honoured, `--config-check` of an unknown name
 * was silent. They are told apart here and nowhere else: a call is of 2014 when it
 *
 * - names a configuration file that is in the old format, or not there yet, and not where glusterd keeps those of sessions; or
 * - has an option that only 2014 knew; or
 * - has no option that says what to do, and its arguments are urls.
 *
 * What has an option that only today knows is of today, and so is everything else.
 */
export function isLegacyCall(argv: readonly string[]): boolean {
  if (startsWithCommand(argv) || optionsOf(argv).some((word) => onlyToday.test(word))) return false;
  if (optionsOf(argv).some(isOnlyLegacy)) return true;
  const file = configFileOf(argv);
  if (file !== undefined && !isSessionPath(file) && isOldFile(file)) return true;
  return argv.length > 0 && !argv.some((word) => word.startsWith("-")) && argv.length <= 2 && argv.every(isUrl);
}

function startsWithCommand(argv: readonly string[]): boolean {
  const first = argv.find((word) => word !== "--inet6");
  return commands.some(({ name }) => name === first);
}

function optionsOf(argv: readonly string[]): string[] {
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  return words.filter((word, i) => word.startsWith("-") && !takesNext(words[i - 1]));
}

// The word behind an option is its value, whatever it looks like.
function takesNext(before: string | undefined): boolean {
  if (before?.startsWith("--") !== true || before.includes("=")) return false;
  const option = findLegacyOption(before);
  return option !== undefined && (option.words ?? 1) > 0;
}

function isOnlyLegacy(word: string): boolean {
  const name = /^--[^=]+/.exec(word)?.[0];
  if (name === undefined) return /^-[plLrsN]/.test(word);
  if (shared.has(name)) return false;
  return findLegacyOption(name) !== undefined;
}

function configFileOf(argv: readonly string[]): string | undefined {
  for (const [i, word] of argv.entries()) {
    if (word === "-c") return argv[i + 1];
    if (/^-c./.test(word)) return word.slice(2);
  }
  return undefined;
}

/** A file with sections of the old format; one that is empty or missing would become one. */
function isOldFile(path: string): boolean {
  try {
    const names = [...(readIni(path)?.sections.keys() ?? [])];
    return names.length === 0 || names.some((name) => /^(?:__meta__|__section_order__|peers(?:rx)? .*)$/.test(name));
  } catch {
    return false; // whoever reads it will say what is wrong
  }
}

function isUrl(text: string): boolean {
  try {
    parseResource(text);
    return true;
  } catch {
    return false;
  }
}

/** Options of 2014, for those who list them. */
export const onlyLegacyOptions: readonly string[] = legacyOptions
  .flatMap(({ names }) => names)
  .filter((name) => name.startsWith("--") && !shared.has(name));
