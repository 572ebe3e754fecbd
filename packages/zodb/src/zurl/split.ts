import { ZodbError } from "../errors/zodb-error.ts";

/** The five parts of a URL, undecoded. */
export interface UrlParts {
  /** Lower case; empty when there is none. */
  readonly scheme: string;
  readonly netloc: string;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
}

/**
 * Splits a URL exactly as Python's urlsplit does.
 *
 * The names of mount points are digests of what comes out of splitting and joining, so the corner cases count: `new URL` would
 * clean paths, lower-case hosts and refuse what Python lets pass.
 *
 * @throws ZodbError `EFORMAT` "Invalid IPv6 URL" for a bracket without its partner
 */
export function splitUrl(url: string): UrlParts {
  let rest = url.replace(/^[\u0000-\u0020]+/, "").replace(/[\t\r\n]/g, "");
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(rest)?.[1] ?? "";
  if (scheme !== "") rest = rest.slice(scheme.length + 1);
  const netloc = /^\/\/([^/?#]*)/.exec(rest)?.[1];
  if (netloc !== undefined) rest = rest.slice(2 + netloc.length);
  if (netloc?.includes("[") !== netloc?.includes("]")) throw new ZodbError("EFORMAT", "Invalid IPv6 URL");
  const [beforeFragment, fragment] = cut(rest, "#");
  const [path, query] = cut(beforeFragment, "?");
  return { scheme: scheme.toLowerCase(), netloc: netloc ?? "", path, query, fragment };
}

function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** Joins the parts as Python's urlunsplit does: an empty netloc is written for `file` alone. */
export function joinUrl({ scheme, netloc, path, query, fragment }: UrlParts): string {
  let url = path;
  if (netloc !== "" || (scheme === "file" && !path.startsWith("//"))) {
    url = `//${netloc}${path === "" || path.startsWith("/") ? "" : "/"}${path}`;
  }
  if (scheme !== "") url = `${scheme}:${url}`;
  if (query !== "") url += `?${query}`;
  if (fragment !== "") url += `#${fragment}`;
  return url;
}
