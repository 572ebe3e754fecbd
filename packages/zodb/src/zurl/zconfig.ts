import { ZodbError } from "../errors/zodb-error.ts";

/** A section `<type name> … </type>` of a ZConfig file. */
export interface ConfigSection {
  readonly type: string;
  readonly name: string | undefined;
  /** Keys are lower case. */
  readonly keys: ReadonlyMap<string, string>;
  readonly sections: readonly ConfigSection[];
}

interface OpenSection {
  type: string;
  name: string | undefined;
  keys: Map<string, string>;
  sections: OpenSection[];
}

/**
 * Reads the text of a ZConfig file: sections, keys, comments, `%define` and `$name`. `%import` is passed over.
 *
 * @param path  for messages
 * @returns the section that holds the others
 * @throws ZodbError `EFORMAT` with the line
 */
export function parseZconfigText(path: string, text: string): ConfigSection {
  const defines = new Map<string, string>();
  const stack: OpenSection[] = [newSection("", undefined)];
  for (const [i, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    const fail = (what: string) => new ZodbError("EFORMAT", `${path}:${i + 1}: ${what}`);
    const section = stack.at(-1);
    if (section === undefined) throw fail("section closed twice");
    if (line === "" || line.startsWith("#") || line.startsWith("%import")) continue;
    if (line.startsWith("%define")) define(defines, line, fail);
    else if (line.startsWith("</")) close(stack, section, line, fail);
    else if (line.startsWith("<")) open(stack, section, line, fail);
    else setKey(section, line, (value) => substitute(value, defines, fail));
  }
  const [root, unclosed] = stack;
  if (root === undefined || unclosed !== undefined)
    throw new ZodbError("EFORMAT", `${path}: <${unclosed?.type ?? ""}> is not closed`);
  return root;
}

type Fail = (what: string) => ZodbError;

function newSection(type: string, name: string | undefined): OpenSection {
  return { type, name, keys: new Map(), sections: [] };
}

function define(defines: Map<string, string>, line: string, fail: Fail): void {
  const [, name, value = ""] = /^%define\s+([A-Za-z_]\w*)\s*(.*)$/.exec(line) ?? [];
  if (name === undefined) throw fail("malformed %define");
  defines.set(name.toLowerCase(), substitute(value, defines, fail));
}

function open(stack: OpenSection[], parent: OpenSection, line: string, fail: Fail): void {
  const [, type, name, empty] = /^<\s*([\w.-]+)(?:\s+([^\s/>]+))?\s*(\/?)>$/.exec(line) ?? [];
  if (type === undefined) throw fail("malformed section");
  const section = newSection(type.toLowerCase(), name?.toLowerCase());
  parent.sections.push(section);
  if (empty !== "/") stack.push(section);
}

function close(stack: OpenSection[], section: OpenSection, line: string, fail: Fail): void {
  const type = /^<\/\s*([\w.-]+)\s*>$/.exec(line)?.[1]?.toLowerCase();
  if (type === undefined || type !== section.type) throw fail(`${line} closes no section`);
  stack.pop();
}

function setKey(section: OpenSection, line: string, expand: (value: string) => string): void {
  const key = /^\S+/.exec(line)?.[0] ?? "";
  section.keys.set(key.toLowerCase(), expand(line.slice(key.length).trim()));
}

function substitute(value: string, defines: ReadonlyMap<string, string>, fail: Fail): string {
  return value.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, plain?: string) => {
    const name = braced ?? plain;
    if (name === undefined) return whole.slice(1);
    const text = defines.get(name.toLowerCase());
    if (text === undefined) throw fail(`$${name} is not defined`);
    return text;
  });
}
