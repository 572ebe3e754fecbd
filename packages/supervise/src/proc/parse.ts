import { makedev } from "../mounts/parse-mountinfo.ts";
import type { ProcFd, ProcMapping } from "./types.ts";

/** `KEY:\tVALUE` lines of status and fdinfo. */
export function parseKeyValues(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) values.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return values;
}

/** Arguments end in NUL; a program that has overwritten its command line may have left none, or several at the end. */
export function parseArgv(bytes: Buffer): Buffer[] {
  if (bytes.length === 0) return [];
  const end = bytes[bytes.length - 1] === 0 ? bytes.length - 1 : bytes.length;
  const argv: Buffer[] = [];
  for (let start = 0; start <= end;) {
    const nul = bytes.indexOf(0, start);
    const stop = nul < 0 || nul > end ? end : nul;
    argv.push(bytes.subarray(start, stop));
    start = stop + 1;
  }
  return argv;
}

/** proc_pid_fdinfo(5) */
export function parseFdinfo(fd: number, path: Buffer, text: string): ProcFd {
  const extra = parseKeyValues(text);
  const take = (key: string) => {
    const value = extra.get(key);
    extra.delete(key);
    return value;
  };
  const [pos = "0", flags = "0", mountId = "-1", ino] = [take("pos"), take("flags"), take("mnt_id"), take("ino")];
  return {
    fd,
    path,
    pos: BigInt(pos),
    flags: parseInt(flags, 8),
    mountId: Number(mountId),
    ino: ino === undefined ? undefined : BigInt(ino),
    extra,
  };
}

/** proc_pid_maps(5): `START-END PERM OFFSET MAJOR:MINOR INODE          PATH`; the path may hold blanks, escaped newlines stay. */
export function parseMaps(text: string): ProcMapping[] {
  const mappings: ProcMapping[] = [];
  for (const line of text.split("\n")) {
    const match = /^(\S+) (\S+) ([0-9a-f]+) ([0-9a-f]+):([0-9a-f]+) (\d+)\s*(.*)$/.exec(line);
    if (match === null) continue;
    const [, address = "", perm = "", offset = "", major = "", minor = "", ino = "", path = ""] = match;
    mappings.push({
      address,
      perm,
      offset: BigInt(`0x${offset}`),
      dev: makedev(parseInt(major, 16), parseInt(minor, 16)),
      ino: BigInt(ino),
      path: path === "" ? undefined : Buffer.from(path, "latin1"),
    });
  }
  return mappings;
}
