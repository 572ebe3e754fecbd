import { toError } from "@belay/supervise";
import type { Places } from "../session/places.ts";
import { options } from "./options.ts";
import { sectionOf, type IniFile } from "./python-ini.ts";
import { readIni } from "./read-ini.ts";

/** The machine's own file, and what the environment says of folders. It was made by people and must not stop anything. */
export function machineDefaults(places: Places): { values: Map<string, string>; problems: string[] } {
  const values = new Map<string, string>();
  const problems: string[] = [];
  try {
    const ini = readIni(places.machineConfig);
    if (ini !== undefined) for (const [name, value] of changedDefaults(ini)) values.set(name, value);
  } catch (error) {
    problems.push(toError(error).message);
  }
  if (places.workDirectory !== "/var/lib/glusterd") values.set("glusterd-workdir", places.workDirectory);
  if (places.runDirectory !== "/var/run/gluster") values.set("gluster-rundir", places.runDirectory);
  if (places.logs !== undefined) values.set("gluster-logdir", places.logs);
  return { values, problems };
}

/** Defaults a file changes: a section named like an option gives its default as `value`. */
export function changedDefaults(ini: IniFile): [string, string][] {
  const changed: [string, string][] = [];
  for (const name of ini.sections.keys()) {
    const value = sectionOf(ini, name)?.get("value");
    if (value !== undefined && options.has(name)) changed.push([name, value]);
  }
  return changed;
}
