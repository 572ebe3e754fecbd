import { createHash } from "node:crypto";
import type { Parts } from "./parts.ts";

/** The key of a build and the text of its parts, as both stand in the image's labels. */
export interface RebuildKey {
  /** SHA-256 in hexadecimal over {@link RebuildKey.parts}. */
  readonly key: string;
  /** `NAME=DIGEST,…`, names percent-encoded: no quoting needed in a Dockerfile. */
  readonly parts: string;
}

/** The key over the parts, whatever their order. */
export function rebuildKey(parts: Parts): RebuildKey {
  const text = [...parts]
    .map(([name, value]) => `${encodeName(name)}=${value}`)
    .sort()
    .join(",");
  return { key: createHash("sha256").update(text).digest("hex"), parts: text };
}

/** Reads a label of parts; undefined for what is not one. */
export function readParts(label: string | undefined): Parts | undefined {
  if (label === undefined || label === "") return undefined;
  const parts = new Map<string, string>();
  for (const each of label.split(",")) {
    const [name, value, ...more] = each.split("=");
    if (name === undefined || value === undefined || more.length > 0) return undefined;
    parts.set(decodeName(name), value);
  }
  return parts;
}

function encodeName(name: string): string {
  return encodeURIComponent(name)
    .replace(/%(?:2F|3A|40|2B)/g, decodeURIComponent)
    .replace(/['()!*]/g, hex);
}

function hex(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
