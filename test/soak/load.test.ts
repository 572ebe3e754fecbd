import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { mountpointOf, start, stop } from "@belay/wcfs";
import { expect, test } from "vitest";
import { LoadReaders, startWriter } from "./load/run-load.ts";
import { WriterLog } from "./load/writer-log.ts";

const seconds = Number(process.env["BELAY_SOAK_LOAD_SECONDS"] ?? 6);
const perSecond = Number(process.env["BELAY_SOAK_LOAD_COMMITS"] ?? 1000);
/** Where a disk does not decide how many commits there are. */
const memory = "/dev/shm";
/** Of each kind. */
const readers = Number(process.env["BELAY_SOAK_LOAD_READERS"] ?? 3);

test(
  `${perSecond} commits a second for ${seconds} s under ${readers} plain, ${readers} isolated and ${readers} @tid readers: every page is right`,
  { timeout: (seconds + 120) * 1000 },
  async () => {
    const directory = mkdtempSync(join(memory, "belay-test-load-"));
    const zurl = `file://${join(directory, "data.fs")}`;
    try {
      const logPath = join(directory, "log");
      await using writer = await startWriter(join(directory, "data.fs"), logPath);
      await start(zurl, { options: ["-log_dir", directory, "-pintimeout", "20s"] });
      const all = new LoadReaders();
      all.start(mountpointOf(zurl), writer.file, readers);
      await all.begun();
      const asking = all.askStatus(zurl);
      const { commits, milliseconds } = await writer.write(perSecond, seconds);
      await all.end(() => writer.write(10, 0.2));
      await asking;
      const result = all.judge(new WriterLog(logPath));
      const rate = Math.round((commits / milliseconds) * 1000);
      console.log(
        `${commits} commits, ${rate} a second: ${JSON.stringify({ ...result, problems: result.problems.length })}`,
      );
      expect(result.problems.slice(0, 5)).toEqual([]);
      for (const kind of ["plain", "isolated", "tid"]) expect(result.pages[kind]).toBeGreaterThan(0);
      // Over a short time a busy machine says little about the rate.
      if (seconds >= 60) expect(rate).toBeGreaterThan(0.95 * perSecond);
    } finally {
      await stop(zurl);
      rmSync(directory, { recursive: true });
    }
  },
);
