import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test, vi } from "vitest";

import { compareTrees } from "../../packages/georep/src/index.ts";
import { makePlace, matching, type Place } from "./place.ts";
import { createThroughKey } from "./ssh-session.ts";
import { startSshd } from "./sshd.ts";

// What a key may do is decided at the other side, which here is an sshd of its own; what it refuses is what people read in the status here.

vi.setConfig({ testTimeout: 300_000 });

const isRoot = process.geteuid?.() === 0;

/** Has the forced command run where `/etc/glusterfs/gsyncd.conf` is a file of the test's. */
function withMachineFile(place: Place, text: string): (line: string) => string {
  mkdirSync("/etc/glusterfs", { recursive: true });
  const folder = join(place.path, "etc");
  mkdirSync(folder);
  writeFileSync(join(folder, "gsyncd.conf"), text);
  const script = join(place.path, "forced.sh");
  writeFileSync(script, `mount --bind ${folder} /etc/glusterfs || exit 99\nexec "$@"\n`);
  return (line) => line.replace('command="', `command="unshare --mount --propagation private /bin/sh ${script} `);
}

const only = (words: string) => (line: string) => line.replace(/ --only-session=/, ` ${words} --only-session=`);

type Refusal = readonly [string, (place: Place) => (line: string) => string, RegExp, readonly string[]];
const asMade = () => (line: string) => line;

const machineRefusals: readonly Refusal[] = [
  [
    "a client outside of allow-network",
    (place) => withMachineFile(place, "[allow-network]\nvalue = 10.9.0.0/16,fd00::/8\n"),
    /client IP address is not allowed/,
    [],
  ],
  [
    "every client, when the file with allow-network cannot be understood",
    (place) => withMachineFile(place, "[allow-network\nvalue = 127.0.0.0/8\n"),
    /the configuration of this machine cannot be read/,
    [],
  ],
];

const refusals: readonly Refusal[] = [
  ...(isRoot ? machineRefusals : []),
  [
    "a client outside of --only-network",
    () => only("--only-network=10.9.0.0/16"),
    /client IP address is not allowed/,
    [],
  ],
  [
    "another session",
    () => (line) => line.replace(/--only-session=\w+/, "--only-session=0123"),
    /this key is for another session/,
    [],
  ],
  [
    "another folder",
    () => (line) => line.replace(/--only-root=[^"]+/, "--only-root=/nowhere/else"),
    /this key is for \/nowhere\/else only/,
    [],
  ],
  ["a configuration of the caller's", asMade, /-c may not be given/, ["--option", "remote-gsyncd=gsyncd -c /tmp/x"]],
  [
    "another program",
    asMade,
    /invoking bash in restricted SSH session is not allowed/,
    ["--option", "remote-gsyncd=bash -c"],
  ],
];

test.each(refusals)("refused, and the status says why: %s", async (_, restrict, message, words) => {
  await using place = makePlace();
  await using sshd = await startSshd(join(place.path, "sshd"));
  await createThroughKey(place, sshd, { restrict: restrict(place), words });
  expect(await place.georep("start", "src")).toMatchObject({ code: 1, err: matching(message) });
  expect(await place.status()).toMatchObject({
    state: matching(/faulty|starting/),
    lastError: matching(message),
  });
  expect(readdirSync(place.destination)).toEqual([]);
});

test.runIf(isRoot)("let in from a network that is allowed, with a key for this session and folder", async () => {
  await using place = makePlace();
  await using sshd = await startSshd(join(place.path, "sshd"));
  const restrict = withMachineFile(place, "[allow-network]\nvalue = 10.9.0.0/16, 127.0.0.0/8\n");
  await createThroughKey(place, sshd, {
    restrict: (line) => only("--only-network=127.0.0.1,::1")(restrict(line)),
  });
  writeFileSync(join(place.source, "f"), "1");
  expect(await place.georep("start", "src")).toMatchObject({ code: 0, err: "" });
  expect(await place.georep("checkpoint", "src", "--timeout", "60")).toMatchObject({ code: 0 });
  expect(compareTrees(place.source, place.destination)).toEqual([]);
});
