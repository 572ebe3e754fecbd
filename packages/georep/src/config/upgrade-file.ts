import { copyFileSync } from "node:fs";
import type { Session } from "../session/session.ts";
import { editIni } from "./edit-ini.ts";
import { readIni } from "./read-ini.ts";
import type { IniFile } from "./python-ini.ts";

/**
 * Turns a session's file of the old format, with sections for pairs of peers, into the present one; `<file>.bkp` keeps the old one. Does
 * nothing to any other file.
 *
 * The pair's own options are taken over, those of patterns are not: they held what are defaults today.
 *
 * @throws BelayError `ECONFIG` when the file cannot be understood; system errors
 */
export async function upgradeConfigFile(path: string, session: Session): Promise<void> {
  if (peersSection(readIni(path), session) === undefined) return;
  await editIni(path, (ini) => {
    const name = peersSection(ini, session);
    const entries = name === undefined ? undefined : ini.sections.get(name);
    if (entries === undefined) return false; // another process was faster
    copyFileSync(path, `${path}.bkp`);
    const vars = new Map([...entries].map(([key, value]) => renamed(key, value)));
    ini.defaults.clear();
    ini.sections.clear();
    ini.sections.set("vars", vars);
    return true;
  });
}

function peersSection(ini: IniFile | undefined, { primary, volume }: Session): string | undefined {
  return [...(ini?.sections.keys() ?? [])].find((name) => {
    const [kind, a = "", b = "", ...more] = name.split(" ");
    return kind === "peers" && more.length === 0 && volumeOf(a) === primary && volumeOf(b) === volume;
  });
}

// Peers are volumes, or escaped urls that end with one.
function volumeOf(peer: string): string | undefined {
  return peer.split(/%3A/i).at(-1);
}

function renamed(key: string, value: string): [string, string] {
  if (key === "use_tarssh") return ["sync-method", value.toLowerCase() === "true" ? "tarssh" : "rsync"];
  if (key === "timeout") return ["secondary-timeout", value];
  return [key.replaceAll("_", "-"), value];
}
