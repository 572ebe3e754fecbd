import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { expect, test, vi } from "vitest";

import { compareTrees, differenceText } from "../../packages/georep/src/index.ts";
import { makePlace, matching, startBelay, type Place } from "./place.ts";
import { createThroughKey } from "./ssh-session.ts";
import { startSshd } from "./sshd.ts";

// Every call is a process of its own, and a busy machine has little for each.
vi.setConfig({ testTimeout: 300_000 });

const differences = ({ source, destination }: Place) => compareTrees(source, destination).map(differenceText);

/** A session that runs, here or through sshd with a key that is for it alone. */
async function startSession(way: "here" | "ssh", place: Place): Promise<AsyncDisposable> {
  await using owned = new AsyncDisposableStack();
  if (way === "here") await place.georep("create", "src", "dst");
  else await createThroughKey(place, owned.use(await startSshd(join(place.path, "sshd"))));
  expect(await place.georep("start", "src")).toMatchObject({ code: 0, err: "" });
  expect(await place.georep("checkpoint", "src", "--timeout", "120")).toMatchObject({ code: 0 });
  const held = owned.move();
  return { [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function fill(source: string): void {
  for (const directory of ["a/deep", "b"]) {
    mkdirSync(join(source, directory), { recursive: true });
    for (const name of ["changed", "deleted", "moved", "mode", "other type"])
      writeFileSync(join(source, directory, name), `${name} of ${directory}`);
    symlinkSync("nowhere", join(source, directory, "link"));
  }
}

// Everything that a person at the destination may do to a copy.
function spoil(directory: string): void {
  const at = (name: string) => join(directory, name);
  const { atime, mtime } = statSync(at("changed"));
  const text = readFileSync(at("changed"), "utf8");
  writeFileSync(at("changed"), text.toUpperCase());
  utimesSync(at("changed"), atime, mtime); // neither size nor time tell
  rmSync(at("deleted"));
  renameSync(at("moved"), at("moved away"));
  chmodSync(at("mode"), 0o4711);
  rmSync(at("other type"));
  mkdirSync(at("other type"));
  writeFileSync(at("other type/stranger"), "x");
  rmSync(at("link"));
  symlinkSync("somewhere", at("link"));
  writeFileSync(at("stranger"), "x");
}

test.each(["here", "ssh"] as const)("what was changed at the destination is put right by resync (%s)", async (way) => {
  await using place = makePlace();
  fill(place.source);
  await using _session = await startSession(way, place);
  spoil(join(place.destination, "a/deep"));
  spoil(join(place.destination, "b"));
  const spoiled = differences(place).filter((line) => line.includes('"a/deep'));
  expect(spoiled.length).toBeGreaterThan(7);

  expect(await place.georep("resync", "src", "--path", "b", "--wait")).toMatchObject({
    code: 0,
    out: matching(/^src-\w+: b has been compared/),
  });
  expect(differences(place)).toEqual(spoiled);
  expect(await place.lines("resync", "src", "--wait")).toMatchObject([{ event: "resync" }, { event: "compared" }]);
  expect(differences(place)).toEqual([]);
  await expect.poll(() => place.status(), { timeout: 60_000 }).toMatchObject({ state: "active", retryQueue: 0 });

  writeFileSync(join(place.destination, "stranger"), "x");
  expect(await place.georep("verify", "src")).toMatchObject({
    code: 1,
    out: matching(/^stranger: only at the destination\n(?:.*\n)*src-\w+: 2 differences, which are put right now\n$/m),
  });
  await expect.poll(() => differences(place), { timeout: 60_000 }).toEqual([]);

  for (const [words, code, text] of [
    [["--path", "not/there"], "ENOENT", /there is no not\/there/],
    [["--path", "../outside"], "EUSAGE", /is not in/],
    [["--path", "b/changed"], "ENOTDIR", /b\/changed/],
  ] as const) {
    const { err, code: ended } = await place.georep("resync", "src", ...words, "--json");
    expect(ended).not.toBe(0);
    expect(JSON.parse(err)).toMatchObject({ error: { code, message: matching(text) } });
  }
  await place.georep("stop", "src");
  for (const command of ["resync", "retry", "verify"])
    expect(await place.georep(command, "src"), command).toMatchObject({ code: 1, err: matching(/is not running\n/) });
  expect(await place.georep("resync", "nosuch")).toMatchObject({ code: 1, err: matching(/no session 'nosuch'/) });
});

/** How often the name that waits has been tried. */
async function attempts(place: Place): Promise<unknown> {
  return (await place.lines("retry", "src", "--list"))[0]?.["attempts"];
}

const canBeImmutable = process.geteuid?.() === 0;

test.runIf(canBeImmutable).each(["here", "ssh"] as const)(
  "a name that waits is told with its path, and due at once after retry (%s)",
  async (way) => {
    await using place = makePlace();
    mkdirSync(join(place.source, "closed"));
    const [file, copy] = [place.source, place.destination].map((root) => join(root, "closed", "file")) as [
      string,
      string,
    ];
    writeFileSync(file, "1");
    await using _session = await startSession(way, place);
    execFileSync("chattr", ["+i", copy]);
    try {
      writeFileSync(file, "2");
      await expect.poll(() => attempts(place), { timeout: 60_000 }).toBeGreaterThan(4);
      expect(await place.lines("retry", "src", "--list")).toContainEqual(
        expect.objectContaining({ path: "closed/file", code: "EPERM" }),
      );
      expect((await place.georep("retry", "src", "--list")).out).toMatch(/^closed\/file +\d+ +EPERM/m);
      const told = await place.status();
      expect(told).toMatchObject({ lastError: matching(/"closed\/file": EPERM/) });
      expect(Date.now() - Number(told["lastErrorAt"])).toBeLessThan(120_000);
      const waiting = startBelay(place, "resync", "src", "--path", "closed", "--wait", "--json");
      let progress = "";
      waiting.stderr.on("data", (bytes: Buffer) => (progress += bytes.toString()));
      await expect.poll(() => progress, { timeout: 60_000 }).toContain("retryQueue");
      waiting.kill("SIGINT");
      expect(await once(waiting, "close")).toEqual([130, null]);
      for (const [rest, state] of [
        ["pause", "paused"],
        ["stop", "stopped"],
      ] as const) {
        await place.georep(rest, "src");
        const listed = await place.lines("retry", "src", "--list");
        expect(listed.map(({ path, code }) => [path, code])).toEqual([["closed/file", "EPERM"]]);
        expect((await place.georep("retry", "src", "--list")).out).toMatch(
          new RegExp(`^closed/file +\\d+ +EPERM[^]*is ${state}: they are tried again when it runs\n$`, "m"),
        );
        expect(await place.georep("retry", "src")).toMatchObject({ code: 1 });
      }
      await place.georep("start", "src");
      // So many that the next one is a minute away, unless it is asked for.
      const more = async () => {
        await place.georep("retry", "src");
        return attempts(place);
      };
      await expect.poll(more, { timeout: 60_000 }).toBeGreaterThan(8);
    } finally {
      execFileSync("chattr", ["-i", copy]);
    }
    expect(await place.georep("retry", "src")).toMatchObject({ code: 0, out: matching(/due now/) });
    await expect.poll(() => readFileSync(copy, "utf8")).toBe("2");
    expect(await place.georep("checkpoint", "src", "--timeout", "60")).toMatchObject({ code: 0 });
    expect(await place.georep("retry", "src")).toMatchObject({ code: 0, out: matching(/nothing waits/) });
    expect(differences(place)).toEqual([]);
    appendFileSync(file, "3");
    expect(await place.georep("checkpoint", "src", "--timeout", "60")).toMatchObject({ code: 0 });
    expect(differences(place)).toEqual([]);
  },
);
