import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { placesOf, sessionConfigPath } from "../session/places.ts";
import { parseSession } from "../session/session.ts";
import { makePlace, type Place } from "../testing/recording-terminal.ts";
import { loadConfig } from "./load-config.ts";
import { openLiveConfig } from "./live-config.ts";
import { storeFacts } from "./change-config.ts";

const session = parseSession("pv", "h::sv");

function writeConfig(place: Place, text: string): string {
  const path = sessionConfigPath(placesOf(place.env), session);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

test("changes made at the same time by many processes all arrive", async () => {
  using place = makePlace();
  const path = writeConfig(place, "");
  const names = [
    "sync-jobs",
    "ssh-port",
    "change-interval",
    "secondary-timeout",
    "connection-timeout",
    "max-rsync-retries",
  ];
  const program = join(import.meta.dirname, "../cli/gsyncd.ts");
  await Promise.all(
    names.map((name, i) =>
      promisify(execFile)(process.execPath, [program, "config-set", "pv", "h::sv", "-n", name, "-v", String(i + 40)], {
        env: { ...process.env, ...place.env },
      }),
    ),
  );
  const lines = readFileSync(path, "utf8").split("\n").slice(1, -2).sort();
  expect(lines).toEqual(names.map((name, i) => `${name} = ${i + 40}`).sort());
});

describe("what would break a session is refused", () => {
  test.each([
    ["change-interval", "abc", 3],
    ["ignore-deletes", "perhaps", 3],
    ["rsync-options", "a\nb", 3],
    ["checkpoint", "9999999999999", 3],
    ["pid-file", "/tmp/x", 4],
    ["working-dir", "/", 4],
    ["primary-replica-count", "2", 4],
  ])("%s = %j", async (name, value, code) => {
    using place = makePlace();
    const path = writeConfig(place, "[vars]\nsync-jobs = 2\n\n");
    expect((await place.call("config-set", "pv", "h::sv", "-n", name, `--value=${value}`)).code).toBe(code);
    expect(readFileSync(path, "utf8")).toBe("[vars]\nsync-jobs = 2\n\n");
  });

  test("a bad value in a file is named, and its default is in force", async () => {
    using place = makePlace();
    writeConfig(place, "[vars]\nchange-interval = abc\nlog-level = loud\nsync-jobs = 5\n");
    const { out, err, code } = await place.call("config-get", "pv", "h::sv", "--show-defaults");
    expect(code).toBe(0);
    expect(out).toContain("change-interval:5\n");
    expect(out).toContain("log-level:INFO\n");
    expect(out).toContain("sync-jobs:5\n");
    expect(err).toMatch(/gsyncd\.conf: change-interval = "abc" is not possible/);
    expect((await place.call("config-reset", "pv", "h::sv", "change-interval")).code).toBe(0);
  });

  test("a file that cannot be understood is named with the line", async () => {
    using place = makePlace();
    const path = writeConfig(place, "[vars]\nsync-jobs = 5\nrubbish\n");
    const { err, code } = await place.call("config-get", "pv", "h::sv");
    expect({ err: err.split("\n")[0], code }).toEqual({
      err: `gsyncd: ${path}: line 3: this is no 'name = value'`,
      code: 1,
    });
    writeFileSync(path, Buffer.from("[vars]\nrsync-options = \xff\n", "latin1"));
    expect((await place.call("config-get", "pv", "h::sv")).err).toContain("not UTF-8");
  });
});

test("names of versions before 10 still do", async () => {
  using place = makePlace();
  const path = writeConfig(place, "[vars]\nslave-timeout = 33\n\n");
  expect((await place.call("config-get", "pv", "h::sv")).out).toBe("secondary-timeout:33\n");
  expect((await place.call("config-set", "pv", "h::sv", "-n", "slave_timeout", "-v", "44")).code).toBe(0);
  expect(readFileSync(path, "utf8")).toBe("[vars]\nsecondary-timeout = 44\n\n");
});

test("a file of the old format becomes one of today, and is kept", async () => {
  using place = makePlace();
  const old =
    "[__meta__]\nversion = 2.0\n\n[peersrx . .]\nlog_level = DEBUG\n\n[peers pv sv]\nuse_tarssh = true\ntimeout = 5\nsync_jobs = 7\nsession_owner = u\n\n";
  const path = writeConfig(place, old);
  expect((await place.call("config-get", "pv", "h::sv")).out).toBe(
    "secondary-timeout:5\nsession-owner:u\nsync-jobs:7\nsync-method:tarssh\n",
  );
  expect(readFileSync(path, "utf8")).toBe(
    "[vars]\nsync-method = tarssh\nsecondary-timeout = 5\nsync-jobs = 7\nsession-owner = u\n\n",
  );
  expect(readFileSync(`${path}.bkp`, "utf8")).toBe(old);
});

test("a running role sees changes, and keeps what it has when the file is broken", async () => {
  using place = makePlace();
  const path = writeConfig(place, "");
  const problems: string[] = [];
  const live = openLiveConfig({ places: placesOf(place.env), session }, (problem) => problems.push(problem));
  expect(live.current().int("checkpoint")).toBe(0);
  await place.call("config-set", "pv", "h::sv", "-n", "checkpoint", "-v", "1795247698");
  expect(live.current().int("checkpoint")).toBe(1795247698);
  writeFileSync(path, "rubbish");
  expect(live.current().int("checkpoint")).toBe(1795247698);
  expect(problems).toHaveLength(1);
});

test("facts of the monitor are stored though nobody may set them, and templates know the role", async () => {
  using place = makePlace();
  const path = writeConfig(place, "");
  await storeFacts(path, { "primary-distribution-count": "3", "stime-xattr-prefix": "trusted.glusterfs.a.b" });
  const config = loadConfig({ places: placesOf(place.env), session, facts: { local_path: "/bricks/b 1/" } });
  expect(config.int("primary-distribution-count")).toBe(3);
  expect(config.text("changelog-log-file")).toBe("/var/log/glusterfs/geo-replication/pv_h_sv/changes-bricks-b 1.log");
  expect(config.text("pid-file")).toBe(`${place.path}/run/gsyncd-pv-h-sv.pid`);
});

test("delete removes a session and nothing else, whatever it is called", async () => {
  using place = makePlace();
  const path = writeConfig(place, "[vars]\ngsyncd-miscdir = ${glusterd_workdir}/misc\n");
  writeFileSync(place.file("x_y_z"), "");
  expect((await place.call("delete", "/../../x", "y::z")).code).toBe(0);
  expect(existsSync(place.file("x_y_z"))).toBe(true);
  writeFileSync(path, `[vars]\nworking-dir = ${place.file("")}\n`);
  expect(await place.call("delete", "pv", "h::sv")).toMatchObject({
    code: 1,
    err: expect.stringContaining("not of this session") as string,
  });
  writeFileSync(path, "");
  expect((await place.call("delete", "pv", "h::sv")).code).toBe(0);
  expect(existsSync(dirname(path))).toBe(false);
});
