/** What a batch of an ordinary user that is cut off leaves of the modes of its own copies. Runs as that user; ends with 0 when all is as it has to be. */
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

import { close, open, O_PATH } from "@belay/linux";

import type { ApplyRequest, ObjectChange, SessionRules } from "../../packages/georep/src/rpc/messages.ts";
import { openDirectory, openToUs, startBatch, type Batch } from "../../packages/georep/src/secondary/batch.ts";
import { finishBatch } from "../../packages/georep/src/secondary/finish.ts";
import { inspect } from "../../packages/georep/src/secondary/inspect.ts";
import { applyChanges } from "../../packages/georep/src/secondary/serve.ts";
import { recover } from "../../packages/georep/src/secondary/session.ts";
import { fileChange } from "../../packages/georep/src/testing/file-change.ts";
import {
  entryOf,
  openSessionPlace,
  rootId,
  wholeFile,
  type SessionPlace,
} from "../../packages/georep/src/testing/session-place.ts";

const id = (name: string) => Buffer.from(name);
const inDir = (parent: string, name: string, object: number | undefined) => ({ ...entryOf(name, object), parent: id(parent) }); // prettier-ignore
const directory = (name: string, mode: number): ObjectChange =>
  fileChange(name, { mode: 0o040000 | mode, mtime: 5n, ctime: 6n });
const file = (name: string, mode: number) => wholeFile(name, name, { mode: 0o100000 | mode });

function apply(batch: Batch, request: ApplyRequest): void {
  assert.deepEqual(applyChanges(batch, request).failures, []);
}

function applyAndFinish({ session }: SessionPlace, request: ApplyRequest): void {
  const batch = startBatch(session);
  apply(batch, request);
  assert.deepEqual(finishBatch(batch), []);
}

const modeOf = ({ root }: SessionPlace, path: string) => (statSync(join(root, path)).mode & 0o7777).toString(8);
const modesOf = (place: SessionPlace, ...paths: string[]) => paths.map((path) => modeOf(place, path));
const notesOf = ({ session }: SessionPlace) => session.modesBefore.size;

const shut = ["top", "top/mid", "top/mid/leaf", "top/mid/leaf/secret"];

/** A destination with directories that their owner may not write to, and a file that he may not read. */
async function shutPlace(more: Partial<SessionRules> = {}): Promise<SessionPlace> {
  const place = await openSessionPlace(more);
  const objects = [directory("top", 0o555), directory("mid", 0o511), directory("leaf", 0o755), file("secret", 0o200)];
  const entries = [entryOf("top", 0), inDir("top", "mid", 1), inDir("mid", "leaf", 2), inDir("leaf", "secret", 3)];
  applyAndFinish(place, { objects, entries });
  assert.deepEqual(modesOf(place, ...shut), ["555", "511", "755", "200"]);
  return place;
}

/** A batch opens an object, wherever it is. */
function openUp({ root, session }: SessionPlace, path: string, name: string): void {
  const fd = open(join(root, path), O_PATH);
  openToUs(startBatch(session), id(name), fd);
  close(fd);
}

/** Lets its owner remove a tree. */
const opened = ({ root }: SessionPlace): Disposable => ({
  [Symbol.dispose]: () => execFileSync("chmod", ["-R", "u+rwx", root]),
});

const ways: Readonly<Record<string, (place: SessionPlace) => Promise<void>>> = {
  kill: (place) => place.reopen(),
  "batch that is taken back": ({ session }) => {
    session.map.rollback();
    recover(session);
    return Promise.resolve();
  },
};

for (const cutOff of Object.values(ways)) {
  // Directories above the one that was told of.
  {
    using place = await shutPlace();
    using _ = opened(place);
    apply(startBatch(place.session), { objects: [file("f", 0o644)], entries: [inDir("leaf", "f", 0)] });
    assert.deepEqual(modesOf(place, "top", "top/mid"), ["755", "711"]);
    await cutOff(place);
    assert.deepEqual(modesOf(place, ...shut), ["555", "511", "755", "200"]);
    assert.equal(notesOf(place), 0);
  }
  // What the batch has moved: it is where it was not, until that is told again.
  {
    using place = await shutPlace();
    using _ = opened(place);
    const batch = startBatch(place.session);
    const moved = {
      objects: [directory("mid", 0o511)],
      entries: [inDir("top", "mid", undefined), entryOf("moved", 0)],
    };
    apply(batch, moved);
    await cutOff(place);
    assert.deepEqual(modesOf(place, "top", "moved"), ["555", "711"]);
    assert.notEqual(notesOf(place), 0);
    await place.reopen();
    const [told] = inspect(place.session, { directory: rootId, names: [id("moved")], withContent: false }).names;
    assert.equal(told?.state.mode, 0o040711);
    applyAndFinish(place, { objects: [directory("other", 0o500)], entries: [entryOf("other", 0)] });
    assert.equal(modeOf(place, "moved"), "711");
    applyAndFinish(place, moved);
    assert.deepEqual(modesOf(place, "top", "moved", "other"), ["555", "511", "500"]);
    assert.equal(notesOf(place), 0);
  }
  // A mode that comes meanwhile is not undone.
  {
    using place = await shutPlace();
    using _ = opened(place);
    renameSync(join(place.root, "top"), join(place.root, "away")); // by somebody
    openUp(place, "away", "top");
    await cutOff(place);
    assert.equal(modeOf(place, "away"), "755");
    renameSync(join(place.root, "away"), join(place.root, "top"));
    applyAndFinish(place, { objects: [directory("top", 0o711)], entries: [entryOf("top", 0)] });
    await place.reopen();
    assert.deepEqual(modesOf(place, ...shut), ["711", "511", "755", "200"]);
  }
  // Opened to be looked at when it was cut off, moved, found again and written to.
  {
    using place = await shutPlace();
    using _ = opened(place);
    applyAndFinish(place, { objects: [directory("leaf", 0o111)], entries: [] });
    openDirectory(startBatch(place.session, "to look"), id("leaf"));
    assert.equal(modeOf(place, "top/mid/leaf"), "511");
    execFileSync("chmod", ["u+w", join(place.root, "top"), join(place.root, "top/mid")]);
    renameSync(join(place.root, "top/mid/leaf"), join(place.root, "top/mid/away"));
    await cutOff(place);
    renameSync(join(place.root, "top/mid/away"), join(place.root, "top/mid/leaf"));
    execFileSync("chmod", ["u-w", join(place.root, "top"), join(place.root, "top/mid")]);
    applyAndFinish(place, { objects: [file("f", 0o644)], entries: [inDir("leaf", "f", 0)] });
    assert.deepEqual(modesOf(place, "top", "top/mid", "top/mid/leaf"), ["555", "511", "111"]);
  }
  // What was opened to be read.
  {
    using place = await shutPlace();
    using _ = opened(place);
    openUp(place, "top/mid/leaf/secret", "secret");
    assert.equal(modeOf(place, "top/mid/leaf/secret"), "600");
    await cutOff(place);
    assert.deepEqual(modesOf(place, ...shut), ["555", "511", "755", "200"]);
    const { names } = inspect(place.session, { directory: id("leaf"), names: [id("secret")], withContent: true });
    assert.deepEqual([names[0]?.state.mode, names[0]?.digest.length], [0o100200, 32]);
    assert.deepEqual(modesOf(place, ...shut), ["555", "511", "755", "200"]);
  }
  // What was held can leave `held/`, whoever asks for that.
  for (const ignoreDeletes of [false, true]) {
    using place = await shutPlace({ ignoreDeletes });
    using _ = opened(place);
    const instead = { objects: [file("instead", 0o644)], entries: [entryOf("top", 0)] };
    apply(startBatch(place.session), instead);
    await cutOff(place);
    applyAndFinish(place, instead);
    assert.deepEqual([place.held(), notesOf(place)], [[], 0]);
    if (!ignoreDeletes) continue;
    const kept = join(
      ".belay-georep/test/conflicts",
      readdirSync(join(place.root, ".belay-georep/test/conflicts"))[0] ?? "",
    );
    assert.deepEqual(modesOf(place, kept, join(kept, "mid")), ["555", "511"]);
  }
  for (const isForgotten of [false, true]) {
    using place = await shutPlace();
    using _ = opened(place);
    apply(startBatch(place.session), { objects: [directory("instead", 0o755)], entries: [entryOf("top", 0)] });
    await cutOff(place);
    assert.deepEqual(place.held(), [id("top").toString("hex")]);
    if (isForgotten) {
      await place.reopen();
      assert.equal((await place.forget()).keptConflicts, 1);
      continue;
    }
    rmdirSync(join(place.root, "top"));
    await cutOff(place);
    assert.deepEqual([place.held(), notesOf(place)], [[], 0]);
    assert.deepEqual(modesOf(place, ...shut), ["555", "511", "755", "200"]);
  }
  // It is told of while it is not where it is known to be, or while it is held.
  {
    using place = await shutPlace();
    using _ = opened(place);
    openDirectory(startBatch(place.session), id("top"));
    renameSync(join(place.root, "top"), join(place.root, "away")); // by somebody
    await cutOff(place);
    assert.equal(modeOf(place, "away"), "755");
    applyAndFinish(place, { objects: [directory("top", 0o555)], entries: [] });
    assert.equal(notesOf(place), 1);
    renameSync(join(place.root, "away"), join(place.root, "top"));
    applyAndFinish(place, { objects: [directory("other", 0o555)], entries: [entryOf("other", 0)] });
    assert.deepEqual(modesOf(place, ...shut), ["555", "511", "755", "200"]);
  }
  for (const isForgotten of [false, true]) {
    using place = await shutPlace();
    using _ = opened(place);
    apply(startBatch(place.session), { objects: [directory("instead", 0o755)], entries: [entryOf("top", 0)] });
    await cutOff(place);
    applyAndFinish(place, { objects: [directory("top", 0o511)], entries: [] });
    assert.equal(modeOf(place, join(".belay-georep/test/held", id("top").toString("hex"))), "511");
    if (isForgotten) {
      assert.equal((await place.forget()).keptConflicts, 1);
      continue;
    }
    rmdirSync(join(place.root, "top"));
    await cutOff(place);
    assert.deepEqual([place.held(), modesOf(place, ...shut)], [[], ["511", "511", "755", "200"]]);
  }
  // Somebody's own is moved aside whatever its mode is, and keeps it.
  {
    using place = await shutPlace();
    using _ = opened(place);
    mkdirSync(join(place.root, "new"), { mode: 0o555 });
    applyAndFinish(place, { objects: [file("new", 0o644)], entries: [entryOf("new", 0)] });
    const [kept = ""] = readdirSync(join(place.root, ".belay-georep/test/conflicts"));
    assert.deepEqual(modesOf(place, "new", join(".belay-georep/test/conflicts", kept)), ["644", "555"]);
  }
  // A note that nobody has taken back, of a directory that has got another mode since.
  {
    using place = await shutPlace();
    using _ = opened(place);
    applyAndFinish(place, { objects: [directory("top", 0o711)], entries: [entryOf("top", 0)] });
    place.session.modesBefore.note(id("top"), 0o555);
    place.session.modesBefore.note(id("leaf"), 0o555);
    await cutOff(place);
    assert.deepEqual(modesOf(place, ...shut), ["711", "511", "755", "200"]);
    assert.equal(notesOf(place), 0);
  }
  // The batch had removed it when it was cut off.
  {
    using place = await shutPlace();
    using _ = opened(place);
    const gone = { objects: [], entries: [entryOf("top", undefined)] };
    apply(startBatch(place.session), gone);
    execFileSync("chmod", ["-R", "u+rwx", join(place.root, ".belay-georep/test/held")]);
    rmSync(join(place.root, ".belay-georep/test/held", id("top").toString("hex")), { recursive: true });
    await cutOff(place);
    assert.notEqual(notesOf(place), 0);
    applyAndFinish(place, gone);
    assert.equal(notesOf(place), 0);
  }
  // A note that is left of a mode which, opened, is the one that the source has given since.
  {
    using place = await shutPlace();
    using _ = opened(place);
    applyAndFinish(place, { objects: [directory("leaf", 0o511)], entries: [] });
    place.session.modesBefore.note(id("leaf"), 0o111);
    await cutOff(place);
    assert.deepEqual(modesOf(place, "top", "top/mid", "top/mid/leaf"), ["555", "511", "511"]);
  }
  // A file that is replaced at once while it waits for its mode.
  {
    using place = await shutPlace();
    using _ = opened(place);
    openUp(place, "top/mid/leaf/secret", "secret");
    chmodSync(join(place.root, "top/mid"), 0o755);
    renameSync(join(place.root, "top/mid/leaf"), join(place.root, "top/mid/away"));
    await cutOff(place);
    renameSync(join(place.root, "top/mid/away"), join(place.root, "top/mid/leaf"));
    chmodSync(join(place.root, "top/mid"), 0o511);
    const objects = [file("new", 0o644), file("secret", 0o600)];
    applyAndFinish(place, { objects, entries: [inDir("leaf", "new", 0), inDir("leaf", "secret", 1)] });
    assert.deepEqual(modesOf(place, ...shut), ["555", "511", "755", "600"]);
  }
  // A directory that is gone has no mode any more.
  {
    using place = await shutPlace();
    using _ = opened(place);
    openDirectory(startBatch(place.session), id("mid"));
    await cutOff(place);
    applyAndFinish(place, { objects: [], entries: [entryOf("top", undefined)] });
    assert.deepEqual([existsSync(join(place.root, "top")), notesOf(place)], [false, 0]);
  }
}

// To be looked at a directory that its owner may read needs no other mode.
{
  using place = await shutPlace();
  using _ = opened(place);
  const ctimes = () => shut.map((path) => statSync(join(place.root, path), { bigint: true }).ctimeNs);
  const before = ctimes();
  inspect(place.session, { directory: id("leaf"), names: [id("other")], withContent: true });
  assert.deepEqual(ctimes(), before);
}

// Of somebody else's file nothing is touched, not even for a moment.
{
  using place = await shutPlace();
  using _ = opened(place);
  const theirs = join(place.root, "theirs");
  writeFileSync(theirs, "theirs");
  chmodSync(theirs, 0o200);
  const { ctimeNs } = statSync(theirs, { bigint: true });
  const { names } = inspect(place.session, { directory: id("root"), names: [id("theirs")], withContent: true });
  assert.deepEqual([names, statSync(theirs, { bigint: true }).ctimeNs], [[undefined], ctimeNs]);
}

// The destination itself.
{
  using place = await openSessionPlace();
  for (const name of ["a", "b"]) {
    applyAndFinish(place, { objects: [file(name, 0o644)], entries: [entryOf(name, 0)] });
    chmodSync(place.root, 0o600);
  }
  assert.equal(statSync(place.root).mode & 0o7777, 0o600);
  chmodSync(place.root, 0o700);
}

// A destination that has no room any more (it is a small one): what makes some is done.
{
  using place = await shutPlace();
  using _ = opened(place);
  applyAndFinish(place, { objects: [wholeFile("f", "f".repeat(200_000))], entries: [inDir("mid", "f", 0)] });
  const large = openSync(join(place.root, "large"), "w");
  assert.throws(() => fillUp(large), { code: "ENOSPC" });
  applyAndFinish(place, { objects: [], entries: [inDir("mid", "f", undefined)] });
  assert.equal(existsSync(join(place.root, "top/mid/f")), false);
  assert.deepEqual(modesOf(place, ...shut), ["555", "511", "755", "200"]);
  closeSync(large);
}

function fillUp(fd: number): never {
  for (;;) writeSync(fd, Buffer.alloc(4096, 1));
}
