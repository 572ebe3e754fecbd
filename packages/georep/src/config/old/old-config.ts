import { BelayError } from "@belay/supervise";
import { escapeUrl } from "../../url/format.ts";
import { editIni } from "../edit-ini.ts";
import { readIni } from "../read-ini.ts";
import type { IniFile } from "../python-ini.ts";
import { fillTemplate, type Variables } from "../template.ts";

/**
 * Configuration files of GlusterFS 3: sections for pairs of peers, by name or by pattern.
 *
 * `[peers A B]` is for the peers with these canonical urls, escaped; `[peersrx A B]` for those that match the (escaped) regular
 * expressions. All that match count, in the order of `[__section_order__]`, later ones and then the exact one having the last word.
 * One part alone is for the receiving end. Names of options are kept with underscores.
 */
export interface OldPeers {
  /** Canonical urls, or patterns when something is stored for patterns. */
  readonly names: readonly string[];
}

const orderSection = "__section_order__";
const metaSection = "__meta__";

/** The options in force for these peers, as they stand in the file. */
export function readOldConfig(path: string, peers: OldPeers): Map<string, string> {
  const ini = readIni(path);
  const values = new Map<string, string>();
  if (ini === undefined) return values;
  for (const name of applicableSections(ini, peers)) {
    for (const [key, value] of [...ini.defaults, ...(ini.sections.get(name) ?? [])])
      values.set(underscored(key), value);
  }
  return values;
}

/**
 * Fills in the templates of values from each other, from what else is set, and from the names of the peers. What is not known stays as it
 * is.
 */
export function resolveOldConfig(
  values: ReadonlyMap<string, string>,
  others: ReadonlyMap<string, string>,
  peerNames: ReadonlyMap<string, string>,
): Map<string, string> {
  const variables = (depth: number): Variables => {
    return (name) => {
      const known = peerNames.get(name);
      if (known !== undefined) return known;
      const raw = values.get(name) ?? others.get(name);
      // Values may name each other, in a circle if they are wrong.
      return raw === undefined || depth === 0 ? raw : fillTemplate(raw, variables(depth - 1));
    };
  };
  return new Map([...values].map(([key, value]) => [key, fillTemplate(value, variables(8))]));
}

/** Sets an option for these peers. @throws BelayError `EREGEX` for a pattern that could match nobody, as it is none */
export async function setOldOption(
  path: string,
  peers: OldPeers,
  patterns: boolean,
  key: string,
  value: string,
): Promise<void> {
  if (patterns) peers.names.forEach(pythonRegex);
  await editIni(path, (ini) => {
    const name = sectionName(peers, patterns);
    const entries = ini.sections.get(name) ?? addSection(ini, name);
    if (entries.get(underscored(key)) === value) return false;
    entries.delete(key.replaceAll("_", "-"));
    entries.set(underscored(key), value);
    return true;
  });
}

/** Removes what is set for these peers; other sections may still set the option. */
export async function deleteOldOption(path: string, peers: OldPeers, patterns: boolean, key: string): Promise<void> {
  await editIni(path, ({ sections }) => {
    const entries = sections.get(sectionName(peers, patterns));
    const found = [...(entries?.keys() ?? [])].filter((name) => underscored(name) === underscored(key));
    for (const name of found) entries?.delete(name);
    return found.length > 0;
  });
}

/** A pattern of shells as a regular expression that matches whole texts. */
export function regexOfGlob(glob: string): string {
  let regex = "";
  for (let i = 0; i < glob.length; i++) {
    const character = glob[i] ?? "";
    const end = character === "[" ? glob.indexOf("]", glob[i + 1] === "!" ? i + 3 : i + 2) : -1;
    if (character === "*") regex += ".*";
    else if (character === "?") regex += ".";
    else if (end > 0) {
      regex += `[${glob
        .slice(i + 1, end)
        .replace(/^!/, "^")
        .replaceAll("\\", "\\\\")}]`;
      i = end;
    } else regex += character.replace(/[^\w]/, "\\$&");
  }
  return `\\A(?s:${regex})\\Z`;
}

function addSection(ini: IniFile, name: string): Map<string, string> {
  // A file has a version from its first change on.
  if (!ini.sections.has(metaSection)) ini.sections.set(metaSection, new Map([["version", "2.0"]]));
  const order = ini.sections.get(orderSection) ?? new Map<string, string>();
  const last = Math.max(-1, ...[...order.values()].map((text) => Number(text) || 0));
  ini.sections.set(orderSection, order.set(name.toLowerCase(), String(last + 1)));
  const entries = new Map<string, string>();
  ini.sections.set(name, entries);
  return entries;
}

function sectionName({ names }: OldPeers, patterns: boolean): string {
  return [patterns ? "peersrx" : "peers", ...names.map(escapeUrl)].join(" ");
}

function applicableSections(ini: IniFile, peers: OldPeers): string[] {
  const order = ini.sections.get(orderSection);
  const place = (name: string) => Number(order?.get(name.toLowerCase()) ?? 0);
  const matching = [...ini.sections.keys()].filter((name) => matches(name, peers));
  const exact = sectionName(peers, false);
  return ["global", ...matching.sort((a, b) => place(a) - place(b)), exact].filter((name) => ini.sections.has(name));
}

function matches(section: string, { names }: OldPeers): boolean {
  const [kind, ...patterns] = section.split(" ");
  if (kind !== "peersrx" || patterns.length !== names.length) return false;
  return patterns.every((pattern, i) => pythonRegex(unescapeUrl(pattern)).test(names[i] ?? ""));
}

/** A regular expression as Python writes it: flags may stand at its beginning or end. @throws BelayError `EREGEX` */
function pythonRegex(source: string): RegExp {
  const [, before = "", body = "", after = ""] =
    /^(?:\(\?([aimsu]+)\))?(.*?)(?:\(\?([aimsu]+)\))?$/s.exec(source) ?? [];
  const flags = ["i", "m", "s"].filter((flag) => (before + after).includes(flag)).join("");
  const written: Readonly<Record<string, string>> = { "\\A": "^", "\\Z": "$", "(?P<": "(?<" };
  const ours = body.replace(/\\[^]|\(\?P</g, (part) => written[part] ?? part);
  try {
    return new RegExp(ours, flags);
  } catch (error) {
    throw new BelayError("EREGEX", `'${source}' is no regular expression`, {
      hint: "--config-set-glob takes patterns as shells have them",
      cause: error,
    });
  }
}

function unescapeUrl(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function underscored(name: string): string {
  return name.replaceAll("-", "_");
}
