import { ZodbError } from "../errors/zodb-error.ts";
import { parseQuery, type QueryOptions } from "./query.ts";

/** What a zurl says, by its kind. */
export type Zurl =
  | { readonly kind: "file"; readonly path: string; readonly options: QueryOptions }
  | { readonly kind: "zconfig"; readonly path: string; readonly database: string | undefined }
  | { readonly kind: "demo"; readonly base: Zurl; readonly delta: Zurl; readonly options: QueryOptions }
  | { readonly kind: "memory"; readonly name: string }
  | { readonly kind: "zeo" | "neo" | "relstorage"; readonly scheme: string; readonly zurl: string };

const NETWORK: Readonly<Record<string, "zeo" | "neo" | "relstorage">> = {
  zeo: "zeo",
  neo: "neo",
  neos: "neo",
  postgres: "relstorage",
  postgresql: "relstorage",
  mysql: "relstorage",
  sqlite: "relstorage",
  oracle: "relstorage",
};

/**
 * Reads a zurl. A path without a scheme names a FileStorage.
 *
 * @throws ZodbError `EUNSUPPORTED` for an unknown scheme, `EFORMAT` for text that makes no sense
 */
export function parseZurl(zurl: string): Zurl {
  const [, name, rest = ""] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(zurl) ?? [];
  const scheme = name?.toLowerCase();
  switch (scheme) {
    case undefined:
      if (zurl === "") throw new ZodbError("EFORMAT", "an empty zurl names no database");
      return { kind: "file", path: zurl, options: [] };
    case "file":
      return parseFile(zurl, rest);
    case "zconfig":
      return parseZconfig(zurl, rest);
    case "demo":
      return parseDemo(zurl, rest);
    case "memory":
      return { kind: "memory", name: rest.replace(/^\/\//, "") };
    default:
      return parseNetwork(scheme, zurl);
  }
}

// The path is everything up to the question mark, as it is: nothing in it is decoded.
function parseFile(zurl: string, rest: string): Zurl {
  const [, path = "", query = ""] = /^(?:\/\/)?([^?]*)\??(.*)$/s.exec(rest) ?? [];
  if (path === "") throw new ZodbError("EFORMAT", `${zurl} names no file`);
  return { kind: "file", path, options: parseQuery(query) };
}

function parseZconfig(zurl: string, rest: string): Zurl {
  const [, path = "", database = ""] = /^(?:\/\/)?([^#]*)#?(.*)$/s.exec(rest) ?? [];
  if (path === "") throw new ZodbError("EFORMAT", `${zurl} names no file`);
  return { kind: "zconfig", path, database: database === "" ? undefined : database };
}

function parseDemo(zurl: string, rest: string): Zurl {
  const [base, afterBase] = takeParenthesised(zurl, rest);
  const [delta, options] = takeParenthesised(zurl, afterBase.startsWith("/") ? afterBase.slice(1) : "");
  if (options !== "" && !options.startsWith("#")) throw malformedDemo(zurl);
  return { kind: "demo", base: parseZurl(base), delta: parseZurl(delta), options: parseQuery(options.slice(1)) };
}

/** Splits `(…)rest` at the parenthesis that closes the first one. */
function takeParenthesised(zurl: string, text: string): [string, string] {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")") depth--;
    if (depth === 0) {
      if (i === 0) break;
      return [text.slice(1, i), text.slice(i + 1)];
    }
  }
  throw malformedDemo(zurl);
}

function malformedDemo(zurl: string): ZodbError {
  return new ZodbError("EFORMAT", `${zurl} is malformed`, {
    hint: "write demo:(zurl of the base)/(zurl of the changes)",
  });
}

function parseNetwork(scheme: string, zurl: string): Zurl {
  const kind = Object.hasOwn(NETWORK, scheme) ? NETWORK[scheme] : undefined;
  if (kind === undefined) throw new ZodbError("EUNSUPPORTED", `zodb: URL scheme "${scheme}://" not supported`);
  return { kind, scheme, zurl };
}

/** The zurl in the form that other programs of this machine understand from any directory. */
export function formatZurl(zurl: Zurl): string {
  switch (zurl.kind) {
    case "file":
      return `file://${zurl.path}`;
    case "zconfig":
      return `zconfig://${zurl.path}${zurl.database === undefined ? "" : `#${zurl.database}`}`;
    case "demo":
      return `demo:(${formatZurl(zurl.base)})/(${formatZurl(zurl.delta)})`;
    case "memory":
      return `memory://${zurl.name}`;
    default:
      return zurl.zurl;
  }
}
