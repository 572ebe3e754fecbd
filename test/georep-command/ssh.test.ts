import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { compareTrees } from "../../packages/georep/src/index.ts";
import { makePlace, matching, type Call, type Place } from "./place.ts";
import { freePort } from "../georep/loopback.ts";
import { makeKey, trusting } from "./ssh-session.ts";
import { startSshd } from "./sshd.ts";

// Every call is a process of its own, and a busy machine has little for each.
vi.setConfig({ testTimeout: 300_000 });

test("over ssh with a key that may do this and nothing else", async () => {
  await using place = makePlace();
  await using sshd = await startSshd(join(place.path, "sshd"));
  const destination = `${sshd.host}:${place.destination}`;
  const { key, line } = await makeKey(place, destination);
  const create = (...more: string[]): Promise<Call> =>
    place.georep(
      "create",
      "src",
      destination,
      "--ssh-port",
      String(sshd.port),
      "--option",
      trusting(sshd, key),
      ...more,
    );

  expect(await create()).toMatchObject({
    code: 1,
    err: matching(/Permission denied.*\n +hint: belay georep key/),
  });
  appendFileSync(sshd.authorizedKeys, `${line}\n`);
  const missing = await create("--json");
  expect(missing.code).toBe(1);
  expect(JSON.parse(missing.err)).toMatchObject({ error: { code: "EDESTINATION" } });
  mkdirSync(place.destination);
  writeFileSync(join(place.destination, "stranger"), "x");
  expect(await create()).toMatchObject({ code: 1, err: matching(/is not empty/) });
  expect(await create("--force")).toMatchObject({ code: 0 });
  // What the receiving end made is gone, as if its disk was not mounted, and the place lies elsewhere.
  if (process.geteuid?.() === 0) await refusesElsewhere(place);

  mkdirSync(join(place.source, "d e"));
  writeFileSync(join(place.source, "d e", "f"), "x".repeat(100_000));
  expect(await place.georep("start", "src")).toMatchObject({ code: 0, err: "" });
  expect(await place.georep("checkpoint", "src", "--timeout", "120")).toMatchObject({ code: 0 });
  expect(compareTrees(place.source, place.destination)).toEqual([]);
  expect(existsSync(join(place.destination, "stranger"))).toBe(false);

  // The key is for this destination: what else its holder may want is refused.
  const other = await place.georep(
    "create",
    "src",
    `${destination}2`,
    "--ssh-port",
    String(sshd.port),
    "--option",
    trusting(sshd, key),
    "--json",
  );
  expect(other).toMatchObject({ code: 1, err: matching(/"code":"EREFUSED"/) });
  expect(existsSync(`${place.destination}2`)).toBe(false);
});

test("what would be done is told over ssh, without anything being made there; what the other side knows is purged from here", async () => {
  await using place = makePlace();
  await using sshd = await startSshd(join(place.path, "sshd"));
  const destination = `${sshd.host}:${place.destination}`;
  const { key, line } = await makeKey(place, destination);
  appendFileSync(sshd.authorizedKeys, `${line}\n`);
  mkdirSync(place.destination);
  const create = ["create", "src", destination, "--ssh-port", String(sshd.port), "--option", trusting(sshd, key)];
  expect(await place.georep(...create, "--dry-run")).toMatchObject({ code: 0, out: matching(/^would create/) });
  writeFileSync(join(place.destination, "stranger"), "x");
  expect(await place.georep(...create, "--dry-run")).toMatchObject({ code: 1, err: matching(/is not empty/) });
  rmSync(join(place.destination, "stranger"));
  expect(await place.georep(...create, "--no-verify")).toMatchObject({ code: 0 });
  mkdirSync(join(place.source, "d"));
  for (const name of ["a", "b", "d/c"]) writeFileSync(join(place.source, name), name);

  const first = await place.lines("start", "src", "--dry-run", "--limit", "2");
  expect(first).toHaveLength(3);
  expect(first.at(-1)).toMatchObject({ event: "plan", create: 4, remove: 0, bytes: 5, omitted: 2 });
  expect(readdirSync(place.destination)).toEqual([]);
  expect(await place.georep("start", "src")).toMatchObject({ code: 0, err: "" });
  expect(await place.georep("checkpoint", "src", "--timeout", "120")).toMatchObject({ code: 0 });
  expect((await place.lines("resync", "src", "--dry-run")).at(-1)).toMatchObject({ create: 0, update: 0, remove: 0 });
  rmSync(join(place.destination, "a"));
  writeFileSync(join(place.destination, "d", "more"), "x");
  const changed = (await place.georep("resync", "src", "--dry-run")).out;
  expect(changed).toMatch(/^create a$/m);
  expect(changed).toMatch(/^remove d\/more$/m);
  expect((await place.lines("resync", "src", "--dry-run", "--path", "d")).at(-1)).toMatchObject({
    create: 0,
    remove: 1,
  });

  expect(await place.georep("delete", "src", "--purge-destination-state")).toMatchObject({
    code: 1,
    err: matching(/is active/),
  });
  await place.georep("stop", "src");
  await sshd.pause();
  expect(await place.georep("delete", "src", "--purge-destination-state", "--json")).toMatchObject({
    code: 1,
    err: matching(/EUNREACHABLE/),
  });
  await sshd.resume();
  const dry = await place.georep("delete", "src", "--purge-destination-state", "--dry-run");
  expect(dry.out).toContain(`would remove ${destination}/.belay-georep/`);
  expect(await place.georep("delete", "src", "--purge-destination-state")).toMatchObject({ code: 0, err: "" });
  expect(readdirSync(place.destination).sort()).toEqual(["b", "d"]);
  expect(await place.lines("list")).toEqual([]);
});

test("what keeps the other side from being reached is told, with a code for each", async () => {
  await using place = makePlace();
  await using sshd = await startSshd(join(place.path, "sshd"));
  const destination = `${sshd.host}:${place.destination}`;
  const { key } = await makeKey(place, destination);
  const codeOf = async (port: number, ...more: string[]): Promise<unknown> => {
    const words = ["--ssh-port", String(port), "--option", trusting(sshd, key), "--json", ...more];
    const { code, err } = await place.georep("create", "src", destination, ...words);
    expect(code).toBe(1);
    return (JSON.parse(err) as { error: { code: string } }).error.code;
  };
  expect(await codeOf(await freePort())).toBe("EUNREACHABLE");
  expect(await codeOf(sshd.port)).toBe("EAUTH");
  appendFileSync(sshd.authorizedKeys, readFileSync(`${key}.pub`, "utf8"));
  expect(await codeOf(sshd.port, "--remote-gsyncd", "/nonexistent/x")).toBe("ENOGSYNCD");
  const [pinned = ""] = readFileSync(sshd.knownHosts, "utf8").split("\n");
  const [host = "", type = ""] = pinned.split(" ");
  const otherKey = readFileSync(`${key}.pub`, "utf8").split(" ")[1] ?? "";
  writeFileSync(sshd.knownHosts, `${host} ${type} ${otherKey}\n`);
  expect(await codeOf(sshd.port)).toBe("EHOSTKEY");
});

async function refusesElsewhere(place: Place): Promise<void> {
  execFileSync("mount", ["-t", "tmpfs", "none", place.destination]);
  try {
    expect(await place.georep("start", "src", "--no-wait")).toMatchObject({ code: 0 });
    await expect
      .poll(() => place.status(), { timeout: 60_000, interval: 200 })
      .toMatchObject({ lastError: matching(/is on tmpfs .* nothing of this session is there/) });
    expect(readdirSync(place.destination)).toEqual([]);
    expect(await place.georep("stop", "src")).toMatchObject({ code: 0 });
  } finally {
    execFileSync("umount", ["-l", place.destination]);
  }
}
