import { lookup } from "node:dns/promises";
import { userInfo } from "node:os";
import { BelayError } from "@belay/supervise";
import type { Resource } from "./resource.ts";

/** How a resource is written: as it was given; with hosts as addresses, users named and inner urls in full; or that, escaped. */
export type UrlForm = "normal" | "canonical" | "canonical-escaped";

/**
 * The url of a resource.
 *
 * @throws BelayError `ERESOLVE` when a host has no IPv4 address
 */
export async function formatResource(resource: Resource, form: UrlForm): Promise<string> {
  if (form === "normal") return `${resource.scheme}://${resource.body}`;
  const canonical = `${resource.scheme}://${await canonicalBody(resource)}`;
  return form === "canonical" ? canonical : escapeUrl(canonical);
}

/** A resource as one word of letters, digits and `%_.~+-`, which survives ssh and shells; `parseEscapable` reads it. */
export function escapedUrl({ scheme, body }: Resource): string {
  return escapeUrl(`${scheme}://${body}`);
}

async function canonicalBody(resource: Resource): Promise<string> {
  switch (resource.scheme) {
    case "file":
      return resource.body;
    case "gluster":
      return `${await addressOf(resource.host)}:${resource.volume}`;
    case "ssh": {
      const user = resource.user ?? userInfo().username;
      return `${user}@${await addressOf(resource.host)}:${await formatResource(resource.inner, "canonical")}`;
    }
  }
}

async function addressOf(host: string): Promise<string> {
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BelayError("ERESOLVE", `failed to resolve ${host}: ${reason}`, {
      hint: "check the host name, or give an IPv4 address",
      cause: error,
    });
  }
}

/** Percent-escapes as Python's `quote_plus` does: letters, digits and `_.-~` stay, a blank becomes `+`. */
export function escapeUrl(text: string): string {
  let escaped = "";
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9_.~-]/.test(character)) escaped += character;
    else escaped += character === " " ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}
