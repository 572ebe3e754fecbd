import { readFileSync } from "node:fs";

let names: Map<number, string> | undefined;

/** Name of a user in /etc/passwd; the number itself for users that have none there. */
export function userName(uid: number): string {
  return (names ??= readPasswd()).get(uid) ?? String(uid);
}

function readPasswd(): Map<number, string> {
  const found = new Map<number, string>();
  try {
    for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
      const [name = "", , uid] = line.split(":");
      if (uid !== undefined && !found.has(Number(uid))) found.set(Number(uid), name);
    }
  } catch {
    // no passwd: numbers it is
  }
  return found;
}
