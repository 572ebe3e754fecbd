import { BelayError } from "@belay/supervise";
import { normalizePath } from "./normalize-path.ts";
import type { GlusterResource, Resource, SshResource } from "./resource.ts";

const full = /^(\w+):\/\/([^ *?[]*)$/;
const host = "[a-z\\d](?:[a-z\\d.-]*[a-z\\d])?";
const user = "[\\w!#$%&'*+\\-/=?^_`{|}~]+";
// Lower case only, as gsyncd has always read them.
const glusterBody = new RegExp(`^(${host}):(.+)`);
const sshBody = new RegExp(`^(?:(${user})@)?(${host}):(.+)`, "s");

type Parse = (body: string, parseInner: (text: string) => Resource) => Resource;
const parsers: Readonly<Record<string, Parse>> = { file: parseFile, gluster: parseGluster, ssh: parseSsh };

/**
 * Parses a resource in its full form (`scheme://body`) or a short one (`/path`, `:volume`, `host:volume`, `[user@]host:<resource>`).
 *
 * A path with a colon needs the full form: the short one takes what is before it for a host.
 *
 * @throws BelayError `EURL`: malformed url, malformed path, unknown url scheme
 */
export function parseResource(text: string): Resource {
  const match = full.exec(text) ?? full.exec(desugar(text));
  if (match === null) throw urlError("malformed url", text);
  return parseBody(match, parseResource);
}

/**
 * Parses the escaped form of a url, which can name every path, and any other form as {@link parseResource} does. A url of another form never
 * looks like it: what is before its first `:` or `/` has no `%`.
 */
export function parseEscapable(text: string): Resource {
  if (!/^\w+%3A%2F%2F/i.test(text)) return parseResource(text);
  return parseExact(unescapeUrl(text), text);
}

function unescapeUrl(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw urlError("malformed url", text);
  }
}

function parseExact(text: string, shown = text): Resource {
  const match = /^(\w+):\/\/(.*)$/s.exec(text);
  if (match === null || text.includes("\0")) throw urlError("malformed url", shown);
  return parseBody(match, (inner) => (/^\w+:\/\//.test(inner) ? parseExact(inner) : parseResource(inner)));
}

function parseBody([text, scheme = "", body = ""]: RegExpExecArray, parseInner: (text: string) => Resource): Resource {
  // Scheme names are looked up in capitals, so any case of them is the same.
  const parse = Object.hasOwn(parsers, scheme.toLowerCase()) ? parsers[scheme.toLowerCase()] : undefined;
  if (parse === undefined) throw urlError(`unknown url scheme ${scheme}`, text);
  return parse(body, parseInner);
}

/** The full form of a short one. */
function desugar(text: string): string {
  const match = /^([^:]*):(.*)/.exec(text);
  if (match === null) return desugarPath(text);
  const [, left = "", right = ""] = match;
  if (left === "") return `gluster://localhost${text}`;
  return (left.includes("@") || /[:/]/.test(right) ? "ssh://" : "gluster://") + text;
}

function desugarPath(text: string): string {
  if (!text.startsWith("/")) throw urlError(`cannot resolve sugared url '${text}'`, text);
  return `file://${normalizePath(text)}`;
}

function parseFile(body: string): Resource {
  if (!body.startsWith("/")) throw urlError("malformed path", body);
  return { scheme: "file", body, path: body };
}

function parseGluster(body: string): GlusterResource {
  const match = glusterBody.exec(body);
  if (match === null) throw urlError("malformed path", body);
  return { scheme: "gluster", body, host: match[1] ?? "", volume: match[2] ?? "" };
}

function parseSsh(body: string, parseInner: (text: string) => Resource): SshResource {
  const match = sshBody.exec(body);
  if (match === null) throw urlError("malformed path", body);
  return { scheme: "ssh", body, user: match[1], host: match[2] ?? "", inner: parseInner(match[3] ?? "") };
}

function urlError(problem: string, text: string): BelayError {
  return new BelayError("EURL", problem, {
    hint: `'${text}' is none of /path, file:///path, :volume, host:volume, [user@]host:/path, [user@]host::volume`,
  });
}
