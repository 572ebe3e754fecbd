/** A run on a database view: the whole way from `belay` through a real server's mount into a real container. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finished } from "./host.ts";
import { Podman, podmanMissing } from "./podman.ts";

const missing = podmanMissing();
if (missing !== undefined) console.warn(`SKIPPED: runs on a database view: ${missing}`);

describe.skipIf(missing !== undefined)("a run on a view of a database", { timeout: 300_000 }, () => {
  let podman: Podman;
  beforeAll(() => {
    podman = new Podman();
    podman.makeBase();
  });
  afterAll(() => podman[Symbol.dispose]());

  // Servers log to standard error, so that no file of theirs is taken for one that was left behind.
  const belay = (...args: string[]): Finished => {
    const env = { ...podman.env, WENDELIN_CORE_WCFS_OPTIONS: "-logtostderr" };
    return spawnSync(join(import.meta.dirname, "../../bin/belay"), args, { env, encoding: "utf8", timeout: 110_000 });
  };
  const importText = (zurl: string, text: string, ...options: string[]): { oid: string; tid: string } => {
    const { status, stdout, stderr } = belay("wcfs", "import", podman.file("text", text), zurl, "--json", ...options);
    expect(stderr).toContain(`"final":true`);
    expect(status).toBe(0);
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { oid: string; tid: string };
  };

  test("it sees one moment, read-only, sees the same when repeated, and leaves no server", () => {
    const zurl = `file://${podman.path("work/data.fs")}`;
    const first = importText(zurl, "the first", "--name", "text", "--create-db");
    importText(zurl, "something else", "--name", "text", "--offset", "0");
    const command = [
      "sh",
      "-c",
      `head -c 9 /db/bigfile/${first.oid}; echo; echo x > /db/bigfile/${first.oid} || echo refused`,
    ];
    const run = belay("container", "run", "--json", "--wcfs", `${zurl}@${first.tid}:/db`, "bb", ...command);
    expect(run.stderr).toContain("the first");
    expect(run.stderr).toContain("refused");
    const record = JSON.parse(run.stdout) as Record<string, unknown>;
    expect(record).toMatchObject({ wcfs: { zurl, tid: first.tid, target: "/db" }, exitCode: 0 });

    importText(zurl, "a third text", "--name", "text", "--offset", "0");
    const again = belay("container", "repeat", podman.file("record", run.stdout), "--json");
    expect(again.stderr).toContain("the first");
    expect(JSON.parse(again.stdout)).toMatchObject({ wcfs: record["wcfs"], imageId: record["imageId"], exitCode: 0 });
    expect(belay("wcfs", "status", zurl).status).not.toBe(0);
    expect(podman.leftovers(zurl)).toEqual([]);
  });

  test("a moment that is not there yet is refused, and nothing stays", () => {
    const zurl = `file://${podman.path("work/other.fs")}`;
    importText(zurl, "text", "--name", "text", "--create-db");
    const run = belay("container", "run", "--wcfs", `${zurl}@7000000000000000`, "bb", "true");
    expect(run.status).not.toBe(0);
    expect(run.stderr).toContain("has no transaction @7000000000000000: the newest is @");
    expect(podman.leftovers(zurl)).toEqual([]);
  });
});
