import { closeSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LOCK_EX, tryFlock } from "@belay/linux";
import { BelayError, writeFileAtomic } from "@belay/supervise";
import { readIni } from "./read-ini.ts";
import { emptyIni, formatIni, type IniFile } from "./python-ini.ts";

/** How long to wait for others that change files in the same folder, in ms. */
const patience = 10_000;

/**
 * Changes a configuration file: reads it, lets `edit` change it, writes it as a whole.
 *
 * Changes made at the same time come one after the other (flock on the folder, which needs no further file), so none gets lost.
 *
 * @param edit  returns false when there is nothing to write
 * @throws BelayError `ELOCKED` when another change takes longer than 10 s; `ECONFIG` when the file cannot be understood
 */
export async function editIni(path: string, edit: (ini: IniFile) => boolean): Promise<void> {
  using _lock = await lockFolder(dirname(path));
  const ini = readIni(path) ?? emptyIni();
  if (!edit(ini)) return;
  await writeFileAtomic(path, Buffer.from(formatIni(ini)), { mode: modeOf(path) });
}

async function lockFolder(folder: string): Promise<Disposable> {
  const fd = openSync(folder, "r");
  const release = () => closeSync(fd);
  try {
    const end = performance.now() + patience;
    for (let pause = 1; !tryFlock(fd, LOCK_EX); pause = Math.min(2 * pause, 50)) {
      if (performance.now() > end) {
        throw new BelayError("ELOCKED", `${folder} is locked by another process for ${patience / 1000} s`, {
          hint: "another gsyncd changes the configuration and does not come to an end",
          path: folder,
        });
      }
      await sleep(pause);
    }
  } catch (error) {
    release();
    throw error;
  }
  return { [Symbol.dispose]: release };
}

function modeOf(path: string): number {
  return (statSync(path, { throwIfNoEntry: false })?.mode ?? 0o644) & 0o777;
}
