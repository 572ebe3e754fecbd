import { copyFileSync } from "node:fs";
import type { Session } from "../session/session.ts";
import { editIni } from "./edit-ini.ts";
import { readIni } from "./read-ini.ts";
import { sectionOf, type IniFile } from "./python-ini.ts";

/**
 * Turns a session's file of the old format, with sections for pairs of peers, into the present one; `<file>.bkp` keeps the old one. Does
 * nothing to any other file.
 *
 * The pair's own options are taken over, with what `[DEFAULT]` gives them; those of patterns are not: they held what are defaults today.
 *
 * @throws BelayError `ECONFIG` when the file cannot be understood; system errors
 */
export async function upgradeConfigFile(path: string, session: Session): Promise<void> {
  if (peersSection(readIni(path), session) === undefined) return;
  await editIni(path, (ini) => {
    const entries = peersSection(ini, session);
    if (entries === undefined) return false; // another process was faster
    copyFileSync(path, `${path}.bkp`);
    const vars = new Map([...entries].map(([key, value]) => renamed(key, value)));
    ini.defaults.clear();
    ini.sections.clear();
    ini.sections.set("vars", vars);
    return true;
  });
}

// Under the names of the volumes, and no others: what stands under the urls of GlusterFS 3 was for its own calls.
function peersSection(ini: IniFile | undefined, { primary, volume }: Session): ReadonlyMap<string, string> | undefined {
  return ini && sectionOf(ini, `peers ${primary} ${volume}`);
}

function renamed(key: string, value: string): [string, string] {
  if (key === "use_tarssh") return ["sync-method", value === "true" ? "tarssh" : "rsync"];
  if (key === "timeout") return ["secondary-timeout", value];
  return [key.replaceAll("_", "-"), value];
}
