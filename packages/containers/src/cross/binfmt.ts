import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Talk } from "../cli/talk.ts";

/** What the kernel does with programs of the architecture that an emulator is for. */
export interface Binfmt {
  readonly enabled: boolean;
  /** Path at which the kernel looks for the emulator inside the container; undefined when it keeps the host's file open (flag F). */
  readonly interpreter: string | undefined;
}

/** Where binfmt_misc is mounted: Documentation/admin-guide/binfmt-misc.rst of the kernel. */
export const binfmtFolder = "/proc/sys/fs/binfmt_misc";

/**
 * Reads the kernel's registration of an emulator, which bears the file name of the emulator, and tells about it.
 *
 * @throws errno errors of reading a registration that is there
 */
export function readBinfmt(emulator: string, talk: Talk, folder = binfmtFolder): Binfmt {
  const name = basename(emulator);
  const path = `${folder}/${name}`;
  if (!existsSync(path)) {
    talk.say(`No binfmt_misc entry for ${name}`);
    return { enabled: false, interpreter: undefined };
  }
  const entry = readFileSync(path, "utf8");
  if (entry.startsWith("disabled")) {
    talk.say(`binfmt_misc entry for ${name} is disabled`);
    return { enabled: false, interpreter: undefined };
  }
  if (/^flags:.*F/m.test(entry)) {
    talk.say(`binfmt_misc for ${name} uses persistent(F) mapping to host binary`);
    return { enabled: true, interpreter: undefined };
  }
  const interpreter = /interpreter (\S+)\n/.exec(entry)?.[1];
  if (interpreter !== undefined && interpreter !== emulator) {
    talk.say(`binfmt_misc for ${name} does not point to ${emulator}, using ${interpreter}`);
  }
  return { enabled: true, interpreter };
}
