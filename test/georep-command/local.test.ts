import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { compareTrees } from "../../packages/georep/src/index.ts";
import { makePlace, matching, startBelay, type Place } from "./place.ts";

// Every call is a process of its own, and a busy machine has little for each.
vi.setConfig({ testTimeout: 300_000 });

function fill(source: string): void {
  mkdirSync(join(source, "d", "e"), { recursive: true });
  for (let i = 0; i < 200; i++) writeFileSync(join(source, "d", `f${i}`), `content ${i}`);
  writeFileSync(join(source, "d", "e", "big"), Buffer.alloc(3_000_000, "x"));
}

const differences = ({ source, destination }: Place) => compareTrees(source, destination);

test("from create to delete: the copy is equal when the checkpoint says so", async () => {
  await using place = makePlace();
  fill(place.source);
  expect(await place.georep("create", "src", "dst")).toMatchObject({ code: 0, err: "" });
  expect(await place.georep("checkpoint", "src", "dst")).toMatchObject({ code: 1 });
  expect(await place.georep("start", "src", "dst")).toMatchObject({ code: 0, err: "" });
  expect(await place.georep("checkpoint", "src", "dst", "--timeout", "120")).toMatchObject({ code: 0 });
  expect(differences(place)).toEqual([]);

  writeFileSync(join(place.source, "later"), "1");
  rmSync(join(place.source, "d", "f7"));
  expect(await place.georep("checkpoint", "src", "--timeout", "120")).toMatchObject({ code: 0 });
  expect(differences(place)).toEqual([]);
  expect(await place.status()).toMatchObject({
    state: "active",
    why: null,
    retryQueue: 0,
    checkpoint: { completed: true },
    problems: [],
  });
  expect((await place.georep("status")).out).toMatch(/^NAME +STATE.*\nsrc-\w+ +active +/);

  expect(await place.georep("start", "src")).toMatchObject({ code: 1, err: matching(/already started/) });
  expect(await place.georep("start", "src", "--force")).toMatchObject({ code: 0 });
  for (const more of [[], ["--dry-run"]])
    expect(await place.georep("delete", "src", ...more)).toMatchObject({ code: 1, err: matching(/is active/) });
  expect(await place.georep("stop", "src")).toMatchObject({ code: 0, out: matching(/^stopped/) });
  expect(await place.georep("stop", "src")).toMatchObject({ code: 0, out: matching(/was not running/) });
  expect(await place.status()).toMatchObject({ state: "stopped" });
  expect(await place.georep("delete", "src", "--purge-destination-state")).toMatchObject({ code: 0 });
  expect(differences(place)).toEqual([]);
  expect(readdirSync(place.destination).sort()).toEqual(["d", "later"]);
  expect(await place.lines("list")).toEqual([]);
});

test("the logs of a deleted session stay, and where they are is said, unless they are to go too", async () => {
  await using place = makePlace();
  const logs = join(place.path, "belay", "log");
  expect(await place.georep("create", "src", "dst")).toMatchObject({ code: 0 });
  for (const command of ["start", "stop"]) expect(await place.georep(command, "src")).toMatchObject({ code: 0 });
  const names = readdirSync(logs, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".log"));
  expect(names.length).toBeGreaterThan(0);
  const { out } = await place.georep("delete", "src");
  for (const name of names) expect(out).toContain(dirname(join(logs, name)));
  expect(readdirSync(logs, { recursive: true })).toEqual(expect.arrayContaining(names));

  expect(await place.georep("create", "src", "dst")).toMatchObject({ code: 0 });
  writeFileSync(join(logs, "geo-replication", "another"), "not of this session");
  expect((await place.georep("delete", "src", "--purge-logs", "--dry-run")).out).toContain(`would remove ${logs}/`);
  expect(await place.georep("delete", "src", "--purge-logs")).toMatchObject({ code: 0, out: expect.not.stringContaining("log") as string }); // prettier-ignore
  const left = readdirSync(logs, { recursive: true, encoding: "utf8" });
  expect(left.sort()).toEqual(["geo-replication", "geo-replication/another"]);
});

test("paths with blanks and odd characters are replicated as any others", async () => {
  await using place = makePlace();
  const source = join(place.path, "my photos [*] %41+ä:x");
  mkdirSync(source);
  writeFileSync(join(source, "a b"), "x");
  expect(await place.georep("create", source, "a copy", "--name", "odd")).toMatchObject({ code: 0, err: "" });
  expect(await place.georep("start", "odd")).toMatchObject({ code: 0, err: "" });
  expect(await place.georep("checkpoint", "odd", "--timeout", "120")).toMatchObject({ code: 0 });
  expect(compareTrees(source, join(place.path, "a copy"))).toEqual([]);
});

test("a paused session stands still, and goes on where it was", async () => {
  await using place = makePlace();
  await place.georep("create", "src", "dst");
  await place.georep("start", "src");
  expect(await place.georep("resume", "src")).toMatchObject({ code: 1, err: matching(/is not paused/) });
  expect(await place.georep("pause", "src")).toMatchObject({ code: 0 });
  expect(await place.georep("pause", "src")).toMatchObject({ code: 1, err: matching(/paused already/) });
  expect(await place.georep("start", "src")).toMatchObject({ code: 1, err: matching(/paused, not stopped\n.*resume/) });
  writeFileSync(join(place.source, "f"), "x");
  expect(await place.georep("checkpoint", "src")).toMatchObject({ code: 1, err: matching(/is paused/) });
  expect(await place.status()).toMatchObject({ state: "paused" });
  expect(existsSync(join(place.destination, "f"))).toBe(false);
  expect(await place.georep("resume", "src")).toMatchObject({ code: 0 });
  expect(await place.georep("checkpoint", "src", "--timeout", "120")).toMatchObject({ code: 0 });
  expect(readFileSync(join(place.destination, "f"), "utf8")).toBe("x");
  await place.georep("pause", "src");
  expect(await place.georep("stop", "src")).toMatchObject({ code: 0 });
});

test("a monitor that was killed is told of, by the doctor too, and starting again goes on", async () => {
  await using place = makePlace();
  await place.georep("create", "src", "dst");
  await place.georep("start", "src");
  const [pidFile] = readdirSync(join(place.path, "belay", "run"));
  const pid = Number(readFileSync(join(place.path, "belay", "run", String(pidFile)), "utf8"));
  process.kill(-pid, "SIGKILL");
  await expect.poll(() => place.status(), { timeout: 60_000 }).toMatchObject({ state: "dead" });
  writeFileSync(join(place.source, "f"), "x");
  expect(await place.georep("checkpoint", "src")).toMatchObject({ code: 1, err: matching(/not running/) });
  expect(await place.georep("start", "src")).toMatchObject({ code: 0 });
  expect(await place.georep("checkpoint", "src", "--timeout", "120")).toMatchObject({ code: 0 });
  expect(differences(place)).toEqual([]);
});

test("what a start would do is told, and not done; options that wait for a restart say so", async () => {
  await using place = makePlace();
  fill(place.source);
  await place.georep("create", "src", "dst");
  const plan = await place.lines("start", "src", "--dry-run");
  expect(plan.at(-1)).toMatchObject({ event: "plan", create: 203, remove: 0 });
  expect(readdirSync(place.destination)).toEqual([]);
  await place.georep("start", "src");
  const set = await place.georep("config", "src", "set", "sync-jobs", "5");
  expect(set).toMatchObject({ code: 0, err: matching(/follows sync-jobs when it starts again/) });
  expect(await place.georep("config", "src", "set", "sync-jobs", "6", "--restart")).toMatchObject({ code: 0, err: "" });
  expect(await place.status()).toMatchObject({ state: matching(/active|comparing/) });
});

test("a dry run tells names of any bytes so that no two look alike", async () => {
  await using place = makePlace();
  const names = [Buffer.from([0x66, 0xff]), Buffer.from("f\ufffd"), Buffer.from("f\\xff"), Buffer.from("f\n")];
  for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${place.source}/`), name]), "");
  await place.georep("create", "src", "dst");
  const shown = (await place.georep("start", "src", "--dry-run")).out.split("\n").slice(0, 4);
  expect(shown.sort()).toEqual(["create f\\\\xff", "create f\\x0a", "create f\\xff", "create f\ufffd"]);
  const lines = (await place.lines("start", "src", "--dry-run")).slice(0, 4);
  const bytes = lines.map((line) => Buffer.from(String(line["pathBytes"]), "base64").toString("hex"));
  expect(bytes.sort()).toEqual(names.map((name) => name.toString("hex")).sort());
});

test("watching the status ends with Ctrl-C and 0; waiting for a checkpoint with 130", async () => {
  await using place = makePlace();
  await place.georep("create", "src", "dst");
  const watching = startBelay(place, "status", "--watch", "--interval", "0.2");
  let text = "";
  watching.stdout.on("data", (bytes: Buffer) => (text += bytes.toString()));
  await expect.poll(() => text.match(/created/g)?.length ?? 0, { timeout: 60_000 }).toBeGreaterThan(1);
  watching.kill("SIGINT");
  expect(await once(watching, "close")).toEqual([0, null]);

  // No worker can take this destination: it lies on a file.
  rmSync(place.destination, { recursive: true });
  writeFileSync(place.destination, "");
  const started = await place.georep("start", "src", "--timeout", "60");
  expect(started).toMatchObject({
    code: 1,
    err: matching(/does not work: .*\n +hint: it is tried again/),
  });
  expect(await place.status()).toMatchObject({ state: matching(/faulty|starting/) });
  const waiting = startBelay(place, "checkpoint", "src", "--json");
  await once(waiting.stdout, "data");
  waiting.kill("SIGINT");
  expect(await once(waiting, "close")).toEqual([130, null]);
  rmSync(place.destination);
  appendFileSync(join(place.source, "f"), "x");
  expect(await place.georep("checkpoint", "src", "--timeout", "120")).toMatchObject({ code: 0 });
  expect(differences(place)).toEqual([]);
});

test("in the foreground it ends in order with Ctrl-C, and nothing of it stays", async () => {
  await using place = makePlace();
  await place.georep("create", "src", "dst");
  const running = startBelay(place, "start", "src", "--foreground");
  await expect.poll(async () => (await place.status())["state"], { timeout: 60_000 }).toBe("active");
  expect(await place.georep("pause", "src")).toMatchObject({
    code: 1,
    err: matching(/in the foreground/),
  });
  running.kill("SIGTERM");
  expect(await once(running, "close")).toEqual([0, null]);
  expect(readdirSync(join(place.path, "belay", "run"))).toEqual([]);
});

test("wrong calls end with 2, and say what to write", async () => {
  await using place = makePlace();
  for (const [words, text] of [
    [["create", "src"], /missing required argument/],
    [["create", "src", "dst", "--ssh-port", "x"], /'x' is no port/],
    [["create", "src", "dst", "--name", "a b"], /cannot be the name/],
    [["create", "src", "dst", "--option", "x"], /NAME=VALUE/],
    [["status", "--interval", "x", "--watch"], /is no time/],
    [["create", "src", "dst", "--ssh-port", "22"], /--ssh-port is for destinations on another machine/],
    [["status", "--json", "--prometheus"], /two forms of the same/],
    [["nope"], /unknown command/],
  ] as const)
    expect(await place.georep(...words), words.join(" ")).toMatchObject({ code: 2, err: matching(text) });
  await place.georep("create", "src", "other", "--name", "one");
  for (const [words, text] of [
    [["set", "sync-jobs", "5", "6"], /set does not know what to do with '6'/],
    [["get", "engine", "compress"], /get does not know what to do with 'compress'/],
    [["list", "engine"], /list does not know/],
    [["sett", "engine", "rsync"], /'sett' is neither an action nor the destination/],
  ] as const)
    expect(await place.georep("config", "one", ...words), words.join(" ")).toMatchObject({
      code: 2,
      err: matching(text),
    });
  for (const [words, code, text] of [
    [["nosuch", "set", "sync-jobs", "5"], 1, /there is no session 'nosuch'\n/],
    [["src", "set", "rsync-options=--whole-file"], 0, /^$/],
    [[place.source, "get", "nope"], 2, /list --all shows the options/],
  ] as const)
    expect(await place.georep("config", ...words), words.join(" ")).toMatchObject({ code, err: matching(text) });
  expect(await place.georep("create", "src", "x:y", "--json")).toMatchObject({ code: 1 });
  const error = (await place.georep("create", "nope", "dst", "--json")).err;
  expect(JSON.parse(error)).toMatchObject({ error: { code: "ESOURCE" } });
});
