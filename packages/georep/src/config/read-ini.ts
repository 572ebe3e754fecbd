import { readFileSync } from "node:fs";
import { hasCode } from "@belay/supervise";
import { parseIni, type IniFile } from "./python-ini.ts";

/** A file as it stands; undefined if there is none. */
export function readIni(path: string): IniFile | undefined {
  try {
    return parseIni(readFileSync(path), path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
