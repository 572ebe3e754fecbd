import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { BelayError } from "@belay/supervise";
import { normalizePath } from "../url/normalize-path.ts";
import { parseResource } from "../url/parse.ts";
import type { FileResource, SshResource } from "../url/resource.ts";

/** Where a replication comes from and goes to. */
export interface Ends {
  readonly source: FileResource;
  readonly destination: FileResource | SshResource;
}

/**
 * Reads source and destination as people type them: `src`, `/src`, `~/src`, `file:///src`, `user@host:/dst`, `ssh://user@host:file:///dst`.
 *
 * Local paths may hold any character; relative ones begin at `cwd`. The same place always gives the same resource, however it is written.
 *
 * @throws BelayError `EURL`; `ENOTYET` for Gluster volumes
 */
export function parseEnds(source: string, destination: string, cwd: string): Ends {
  const from = parseEnd(source, cwd);
  if (from.scheme === "ssh") {
    throw new BelayError("EURL", `${source}: the source has to be on this machine`, {
      hint: "run belay georep on the machine that has the source",
    });
  }
  return { source: from, destination: parseEnd(destination, cwd) };
}

/** One end of a replication as it was typed; see {@link parseEnds}. */
export function parseEnd(text: string, cwd: string): FileResource | SshResource {
  // What stands in the place of bytes that are no UTF-8 would name something else.
  if (text.includes("\ufffd")) {
    throw new BelayError("EURL", `'${text}': the path of an end has to be UTF-8`, {
      hint: "replicate through a link or a bind mount of another name; names below it may be any bytes",
    });
  }
  const local = localPath(text, cwd);
  if (local !== undefined) return fileResource(local);
  const remote = /^(?:ssh:\/\/)?((?:[^@/:]+@)?)([^@/:]+):(?:file:\/\/|(?!\/\/))(\/.*)$/is.exec(text);
  if (remote === null) throw noEnd(text);
  const [, user = "", host = "", path = ""] = remote;
  // Its grammar has lower-case hosts and no path with blanks: the path is put in afterwards.
  const parsed = parseResource(`ssh://${user}${host.toLowerCase()}:/`);
  if (parsed.scheme !== "ssh") throw noEnd(text);
  const inner = fileResource(normalizePath(path));
  return { ...parsed, body: `${user}${parsed.host}:file://${inner.path}`, inner };
}

/** The normal url of an end: the same text for the same place. */
export function endText(end: FileResource | SshResource): string {
  return `${end.scheme}://${end.body}`;
}

/** An end as people write it, short. */
export function shortEnd(end: FileResource | SshResource): string {
  if (end.scheme === "file") return end.path;
  return `${end.user === undefined ? "" : `${end.user}@`}${end.host}:${pathOf(end)}`;
}

/** Path of the directory an end stands for, on its machine. */
export function pathOf(end: FileResource | SshResource): string {
  if (end.scheme === "file") return end.path;
  return end.inner.scheme === "file" ? end.inner.path : "";
}

function fileResource(path: string): FileResource {
  return { scheme: "file", body: path, path };
}

// What begins like a path is one, also with a colon in it; without any colon everything is.
function localPath(text: string, cwd: string): string | undefined {
  const url = /^file:\/\/(.*)$/is.exec(text);
  if (url !== null) {
    const [, path = ""] = url;
    if (!path.startsWith("/")) throw noEnd(text);
    return normalizePath(path);
  }
  if (text === "") throw noEnd(text);
  if (text === "~" || text.startsWith("~/")) return join(homedir(), text.slice(1)).replace(/(?<=.)\/+$/, "");
  return /^\.{0,2}\//.test(text) || !text.includes(":") ? resolve(cwd, text) : undefined;
}

function noEnd(text: string): BelayError {
  if (/^gluster:\/\/|^:\w|^[^/:]+::\w|gluster:\/\//.test(text)) {
    return new BelayError("ENOTYET", `${text}: replication of Gluster volumes is not there yet`, {
      hint: "replicate a directory: /src, user@host:/dst",
    });
  }
  return new BelayError("EURL", `'${text}' is no place that can be replicated`, { hint: hintFor(text) });
}

function hintFor(text: string): string {
  if (/^ssh:\/\/[^:]+:\d+\//.test(text)) return "give the port with --ssh-port, and the rest as user@host:/dst";
  if (/^ssh:\/\/[^:/]+\//.test(text)) return "a colon comes after the host: ssh://user@host:/dst";
  if (/^[^/:]+:[^/:]/.test(text)) return "paths on another machine begin with a slash: user@host:/dst";
  return "a directory here (/src, ./src, file:///src) or on another machine (user@host:/dst, ssh://user@host:file:///dst)";
}
