import { BelayError } from "@belay/supervise";

/** A configuration file in the dialect of Python's configparser. */
export interface IniFile {
  /** What `[DEFAULT]` gives to every section. */
  readonly defaults: Map<string, string>;
  /** In the order of the file. */
  readonly sections: Map<string, Map<string, string>>;
}

/** A file without a line. */
export function emptyIni(): IniFile {
  return { defaults: new Map(), sections: new Map() };
}

/** A section's own entries and those of `[DEFAULT]`; undefined where there is no such section. */
export function sectionOf(ini: IniFile, name: string): ReadonlyMap<string, string> | undefined {
  const own = ini.sections.get(name);
  return own && new Map([...ini.defaults, ...own]);
}

/**
 * Reads a file: `[section]` lines, `name = value` or `name : value`, names in lower case, deeper indented lines that continue a value,
 * comments on lines of their own that begin with `#` or `;`.
 *
 * @param path  for messages only
 * @throws BelayError `ECONFIG` naming file and line: text before the first section, a line that is neither, a section or name given twice, bytes that are no UTF-8
 */
export function parseIni(bytes: Uint8Array, path: string): IniFile {
  const reader = new Reader(path);
  for (const line of decode(bytes, path).split(/\r\n|\n|\r/)) reader.take(line);
  return reader.finish();
}

/** Writes a file: `name = value`, an empty line after each section, continuation lines indented by a tab. */
export function formatIni({ defaults, sections }: IniFile): string {
  const all = defaults.size > 0 ? [["DEFAULT", defaults] as const, ...sections] : [...sections];
  return all.map(([name, entries]) => formatSection(name, entries)).join("");
}

function formatSection(name: string, entries: ReadonlyMap<string, string>): string {
  const lines = [...entries].map(([key, value]) => `${key} = ${value.replaceAll("\n", "\n\t")}\n`);
  return `[${name}]\n${lines.join("")}\n`;
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.startsWith("\ufeff")) return text;
  } catch (error) {
    throw new BelayError("ECONFIG", `${path}: not UTF-8 text`, { hint: "mend the file by hand", path, cause: error });
  }
  throw new BelayError("ECONFIG", `${path}: line 1: there is a byte order mark before the first [section]`, {
    hint: "save the file without it",
    path,
  });
}

/** Takes lines one after the other. */
class Reader {
  private readonly ini = emptyIni();
  private readonly path: string;
  private line = 0;
  private section: Map<string, string> | undefined;
  private readonly seen = new Set<Map<string, string>>();
  private value: { readonly name: string; readonly indent: number; readonly lines: string[] } | undefined;

  constructor(path: string) {
    this.path = path;
  }

  take(line: string): void {
    this.line++;
    const text = line.trim();
    const comment = /^[#;]/.test(text);
    if (text === "" || comment) {
      // An empty line may be in the midst of a value, a comment is just not there.
      if (!comment) this.value?.lines.push("");
      return;
    }
    const indent = line.search(/\S/);
    if (this.value !== undefined && indent > this.value.indent) {
      this.value.lines.push(text);
      return;
    }
    this.endValue();
    const header = /^\[(.+)\]/.exec(text);
    if (header === null) this.takeEntry(text, indent);
    else this.takeHeader(header[1] ?? "");
  }

  finish(): IniFile {
    this.endValue();
    return this.ini;
  }

  private takeHeader(name: string): void {
    const section = name === "DEFAULT" ? this.ini.defaults : (this.ini.sections.get(name) ?? new Map<string, string>());
    if (this.seen.has(section) && name !== "DEFAULT") throw this.failure(`section [${name}] is here twice`);
    this.seen.add(section);
    if (name !== "DEFAULT") this.ini.sections.set(name, section);
    this.section = section;
  }

  private takeEntry(text: string, indent: number): void {
    if (this.section === undefined) throw this.failure("there is no [section] before this line");
    const entry = /^([^=:]*?)\s*[=:]\s*(.*)$/.exec(text);
    const name = entry?.[1]?.toLowerCase() ?? "";
    if (name === "") throw this.failure("this is no 'name = value'");
    if (this.section.has(name)) throw this.failure(`${name} is here twice`);
    this.value = { name, indent, lines: [entry?.[2] ?? ""] };
    this.section.set(name, "");
  }

  private endValue(): void {
    if (this.value !== undefined) this.section?.set(this.value.name, this.value.lines.join("\n").trimEnd());
    this.value = undefined;
  }

  private failure(problem: string): BelayError {
    const { path, line } = this;
    return new BelayError("ECONFIG", `${path}: line ${line}: ${problem}`, {
      hint: "mend the file by hand",
      path,
      line,
    });
  }
}
