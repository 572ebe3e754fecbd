import { lookup } from "node:dns/promises";
import { BelayError, toError } from "@belay/supervise";
import { formatResource, type UrlForm } from "../url/format.ts";
import { parseResource } from "../url/parse.ts";
import type { Terminal } from "./output.ts";

/**
 * Prints urls one per line, in the form glusterd compares: `ssh://[user@]host::volume`, or with the address and the user in it.
 *
 * A url that is no `host::volume` is printed by the grammar of old versions.
 *
 * @throws BelayError `EURL`, `ERESOLVE`, after the lines before it were printed
 */
export async function printUrls(
  terminal: Terminal,
  urls: readonly string[],
  form: "normal" | "canonical",
  inet6: boolean,
): Promise<void> {
  for (const url of urls) {
    const line = url.includes("::")
      ? await volumeUrl(url, form, inet6)
      : await formatResource(parseResource(url), form);
    terminal.out(`${line}\n`);
  }
}

/** Prints urls by the grammar of old versions. */
export async function printResourceUrls(terminal: Terminal, urls: readonly string[], form: UrlForm): Promise<void> {
  for (const url of urls) terminal.out(`${await formatResource(parseResource(url), form)}\n`);
}

async function volumeUrl(url: string, form: "normal" | "canonical", inet6: boolean): Promise<string> {
  const [where = "", volume = "", ...more] = url.replace(/^ssh:\/\//, "").split("::");
  if (more.length > 0) throw new BelayError("EURL", `'${url}' is no [user@]host::volume`);
  if (form === "normal") return `ssh://${where}::${volume.replace(/:.*$/s, "")}`;
  const [host = "", user = "root", ...others] = where.split("@").reverse();
  if (others.length > 0) throw new BelayError("EURL", `'${url}' is no [user@]host::volume`);
  return `ssh://${user}@${inet6 ? host : await addressOf(host)}:gluster://127.0.0.1:${volume}`;
}

async function addressOf(host: string): Promise<string> {
  if (host === "") return "0.0.0.0";
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch (error) {
    throw new BelayError("ERESOLVE", `failed to resolve ${host}: ${toError(error).message}`, {
      hint: "check the host name, or give an IPv4 address",
    });
  }
}
