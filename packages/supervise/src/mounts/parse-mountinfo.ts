import { BelayError } from "../errors/belay-error.ts";
import type { MountEntry } from "./types.ts";

/**
 * Device number as `st_dev` has it: makedev(3), minors of 256 and more are spread.
 *
 * A FUSE mount's device is `0:MINOR`; comparing minors alone goes wrong at the 256th.
 */
export function makedev(major: number, minor: number): number {
  const high = Math.floor(major / 4096) * 2 ** 44 + Math.floor(minor / 256) * 2 ** 20;
  return high + (major % 4096) * 256 + (minor % 256);
}

/** Major and minor of an `st_dev`. */
export function splitDev(dev: number): { major: number; minor: number } {
  const bits = BigInt(dev);
  const major = Number(((bits >> 8n) & 0xfffn) | ((bits >> 32n) & 0xfffff000n));
  const minor = Number((bits & 0xffn) | ((bits >> 12n) & 0xffffff00n));
  return { major, minor };
}

/** Octal escapes of mountinfo (`\040` blank, `\011`, `\012`, `\134`, and any other the kernel may choose) as bytes. */
export function decodeOctal(text: string): Buffer {
  return Buffer.from(
    text.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(parseInt(digits, 8))),
    "latin1",
  );
}

/**
 * Parses mountinfo, proc_pid_mountinfo(5). Fields are split at single blanks: the source of a mount may be empty.
 *
 * @param bytes  names in it need not be UTF-8
 * @throws BelayError `EMOUNTINFO` for a line that is none, an id or a tag that comes twice
 */
export function parseMountinfo(bytes: Buffer): Map<number, MountEntry> {
  const mounts = new Map<number, MountEntry>();
  for (const line of bytes.toString("latin1").split("\n")) {
    if (line === "") continue;
    const entry = parseLine(line);
    if (mounts.has(entry.id)) throw malformed(line, `mount id ${entry.id} comes twice`);
    mounts.set(entry.id, entry);
  }
  return mounts;
}

function parseLine(line: string): MountEntry {
  const fields = line.split(" ");
  const dash = fields.indexOf("-", 6);
  const [id = "", parentId = "", dev = "", root = "", point = "", options = ""] = fields;
  const [fstype, source, superOptions = ""] = fields.slice(dash + 1);
  const [major = "", minor = ""] = dev.split(":");
  if (dash < 0 || fstype === undefined || source === undefined || minor === "") throw malformed(line, "too few fields");
  return {
    id: Number(id),
    parentId: Number(parentId),
    major: Number(major),
    minor: Number(minor),
    dev: makedev(Number(major), Number(minor)),
    root: decodeOctal(root),
    point: decodeOctal(point),
    options: options.split(","),
    tags: parseTags(line, fields.slice(6, dash)),
    fstype,
    source: decodeOctal(source),
    superOptions: superOptions.split(","),
    line: Buffer.from(line, "latin1").toString(),
  };
}

function parseTags(line: string, fields: readonly string[]): Map<string, string | true> {
  const tags = new Map<string, string | true>();
  for (const field of fields) {
    const colon = field.indexOf(":");
    const name = colon < 0 ? field : field.slice(0, colon);
    if (tags.has(name)) throw malformed(line, `tag ${name} comes twice`);
    tags.set(name, colon < 0 ? true : field.slice(colon + 1));
  }
  return tags;
}

function malformed(line: string, why: string): BelayError {
  return new BelayError("EMOUNTINFO", `mountinfo: ${why}: ${JSON.stringify(line)}`);
}
