import { ZodbError } from "../errors/zodb-error.ts";
import { compareText, encodeQuery, parseQuery } from "./query.ts";
import { joinUrl, splitUrl, type UrlParts } from "./split.ts";

/** Where the key of a TLS connection lies: secrets of a client, no part of the database's name. */
const TLS_OPTIONS = new Set(["ca", "cert", "key"]);
const CLIENT_OPTIONS = new Set(["compress", "read-only", "logfile", "cache-size"]);

/**
 * One name for one database: zurls that differ only in options of the client, or in the order of what has none, become equal.
 *
 * Servers and clients of wcfs find each other by the digest of this text, so it is byte for byte what wendelin.core computes.
 *
 * @throws ZodbError `EUNSUPPORTED` for a scheme that has no such form, `EFORMAT`
 */
export function normalizeZurl(zurl: string): string {
  const parts = splitUrl(zurl);
  switch (parts.scheme) {
    case "file":
    case "zeo":
    case "demo":
      return joinUrl(parts);
    case "neo":
    case "neos":
      return joinUrl(normalizeNeo(parts));
    default:
      throw new ZodbError(
        "EUNSUPPORTED",
        `can't normalize zurl with scheme ${parts.scheme}`,
        parts.scheme === "" ? { hint: "clients have to write it in the same way: file:///path/to/Data.fs" } : {},
      );
  }
}

function normalizeNeo(parts: UrlParts): UrlParts {
  const options = parseQuery(parts.query);
  const tls = options.some(([key]) => TLS_OPTIONS.has(key));
  const kept = options.filter(([key]) => !TLS_OPTIONS.has(key) && !CLIENT_OPTIONS.has(key));
  return {
    ...parts,
    scheme: tls ? "neos" : parts.scheme,
    netloc: sortMasters(parts.netloc),
    query: encodeQuery(kept.toSorted(([a], [b]) => compareText(a, b))),
  };
}

function sortMasters(netloc: string): string {
  const start = netloc.indexOf("@") + 1;
  return netloc.slice(0, start) + netloc.slice(start).split(",").sort(compareText).join(",");
}
