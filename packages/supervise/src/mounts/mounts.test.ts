import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mount, umount2 } from "@belay/linux";
import { afterAll, expect, test } from "vitest";
import {
  isMountpoint,
  makedev,
  MountTable,
  run,
  spawnProcess,
  splitDev,
  usersOfMount,
  usersText,
  waitForMounts,
} from "../index.ts";

const base = mkdtempSync(join(tmpdir(), "belay-test-"));
afterAll(() => {
  for (const { point } of MountTable.read().below(base).reverse()) umount2(point, 2);
  rmSync(base, { recursive: true });
});
const isRoot = process.geteuid?.() === 0;

function parse(...lines: string[]): MountTable {
  return MountTable.parse(Buffer.from(lines.join("\n") + "\n"));
}

test("octal escapes are decoded, empty sources do not shift the fields, tags have values", () => {
  const table = parse(
    String.raw`36 35 0:300 /a\134b /m\040n\011o\012p rw,nosuid shared:1 master:2 unbindable - fuse.wcfs  rw,user_id=0`,
  );
  const entry = table.get(36);
  expect(entry).toMatchObject({ parentId: 35, major: 0, minor: 300, fstype: "fuse.wcfs", options: ["rw", "nosuid"] });
  expect([entry?.root, entry?.point, entry?.source].map(String)).toEqual(["/a\\b", "/m n\to\np", ""]);
  expect([...(entry?.tags ?? [])]).toEqual([
    ["shared", "1"],
    ["master", "2"],
    ["unbindable", true],
  ]);
  expect(entry?.superOptions).toEqual(["rw", "user_id=0"]);
});

test("minors of 256 and more are spread in st_dev", () => {
  expect(makedev(0, 300)).toBe(1048620);
  expect(splitDev(1048620)).toEqual({ major: 0, minor: 300 });
  expect(splitDev(makedev(5000, 70000))).toEqual({ major: 5000, minor: 70000 });
});

test("ids and tags that come twice are refused", () => {
  const line = "36 35 0:3 / /a rw - tmpfs x rw";
  expect(() => parse(line, line)).toThrow(/mount id 36 comes twice/);
  expect(() => parse("36 35 0:3 / /a rw shared:1 shared:2 - tmpfs x rw")).toThrow(/tag shared comes twice/);
});

test("none and several mounts on a point are told apart", () => {
  const table = parse(
    "36 35 0:3 / /a rw - tmpfs x rw",
    "37 36 0:4 / /a rw - tmpfs y rw",
    "38 36 0:4 / /ab rw - tmpfs y rw",
  );
  expect(() => table.only("/b")).toThrow("no mount entry for /b");
  expect(() => table.only("/a")).toThrow("multiple mount entries for /a");
  expect(table.below("/a").map(({ id }) => id)).toEqual([36, 37]);
});

test.skipIf(!isRoot)(
  "a real mount has the st_dev of what lies in it, and its coming and going is told (needs root)",
  async () => {
    const point = join(base, "with blank");
    mkdirSync(point);
    const appears = waitForMounts((table) => table.at(point)[0]);
    setTimeout(() => mount("belay-test", point, "tmpfs"), 100); // long enough for the wait to have become the thread's
    const entry = await appears;
    expect(entry.dev).toBe(statSync(point).dev);
    expect(isMountpoint(point)).toBe(true);
    const goes = waitForMounts((table) => (table.at(point).length === 0 ? true : undefined));
    umount2(point);
    expect(await goes).toBe(true);
    expect(isMountpoint(point)).toBe(false);
  },
);

test.skipIf(!isRoot)("users are found by directory, open file and mapping (needs root)", async () => {
  const point = join(base, "used");
  mkdirSync(point);
  mount("belay-test", point, "tmpfs");
  writeFileSync(join(point, "data"), "x");
  const fd = openSync(join(point, "data"), "r");
  await using child = await spawnProcess(["/bin/sleep", "100"], { cwd: point });

  const users = usersOfMount(MountTable.read().only(point));

  closeSync(fd);
  const uses = (pid: number) =>
    [...(users.find((user) => user.process.pid === pid)?.uses.entries() ?? [])].map(([k, v]) => [k, String(v)]);
  expect(uses(child.pid)).toEqual([["cwd", point]]);
  expect(uses(process.pid)).toEqual([[`fd/${fd}`, join(point, "data")]]);
  const text = usersText(users);
  expect(text).toContain(`${`pid${child.pid}`.padStart(9)} root sleep /bin/sleep 100\n\tcwd\t-> ${point}\n`);
});

const hasFusermount = ["/usr/bin/fusermount3", "/usr/bin/fusermount"].some((path) => existsSync(path));

test.skipIf(!isRoot || !hasFusermount)(
  "a user unmounts by fusermount, and hears why it cannot (needs root, fuse3)",
  async () => {
    const point = mkdtempSync(join(base, "fuse-"));
    const fd = openSync("/dev/fuse", "r+");
    mount("belay-test", point, "fuse.belaytest", 0, `fd=${fd},rootmode=40000,user_id=65534,group_id=65534`);
    const index = JSON.stringify(new URL("../index.ts", import.meta.url).href);
    const script = (path: string) => `import { fuseUnmount } from ${index};
    await fuseUnmount(${JSON.stringify(path)}).then(() => console.log("done"), ({ code, message }) => console.log(code, message))`;
    const asNobody = async (path: string) => {
      const argv = [process.execPath, "--input-type=module", "-e", script(path)];
      return (await run(argv, { uid: 65534, gid: 65534, env: {} })).stdout.toString();
    };
    closeSync(fd);
    chmodSync(base, 0o755);
    expect(await asNobody(point)).toBe("done\n");
    expect(isMountpoint(point)).toBe(false);
    expect(await asNobody("/proc")).toMatch(
      /^EUNMOUNT fuse_unmount \/proc: failed: .*fusermount3?: [^]*\n\(more details logged\)\n$/,
    );
    expect(await asNobody(join(base, "none"))).toMatch(/^ENOTMOUNTED not a mountpoint: /);
  },
);
