import { BelayError } from "@belay/supervise";
import { normalizePath } from "./normalize-path.ts";
import type { GlusterResource, Resource, SshResource } from "./resource.ts";

const full = /^(\w+):\/\/([^ *?[]*)$/;
const host = "[a-z\\d](?:[a-z\\d.-]*[a-z\\d])?";
const user = "[\\w!#$%&'*+\\-/=?^_`{|}~]+";
// Lower case only, as gsyncd has always read them.
const glusterBody = new RegExp(`^(${host}):(.+)`);
const sshBody = new RegExp(`^(?:(${user})@)?(${host}):(.+)`);

const parsers: Readonly<Record<string, (body: string) => Resource>> = {
  file: parseFile,
  gluster: parseGluster,
  ssh: parseSsh,
};

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
  const [, scheme = "", body = ""] = match;
  // Scheme names are looked up in capitals, so any case of them is the same.
  const parse = Object.hasOwn(parsers, scheme.toLowerCase()) ? parsers[scheme.toLowerCase()] : undefined;
  if (parse === undefined) throw urlError(`unknown url scheme ${scheme}`, text);
  return parse(body);
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

function parseSsh(body: string): SshResource {
  const match = sshBody.exec(body);
  if (match === null) throw urlError("malformed path", body);
  return { scheme: "ssh", body, user: match[1], host: match[2] ?? "", inner: parseResource(match[3] ?? "") };
}

function urlError(problem: string, text: string): BelayError {
  return new BelayError("EURL", problem, {
    hint: `'${text}' is none of /path, file:///path, :volume, host:volume, [user@]host:/path, [user@]host::volume`,
  });
}
