import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { close, MNT_DETACH, umount2 } from "@belay/linux";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { memoryServer } from "../testing/memory-server.ts";
import { cloneFuseFd } from "./device.ts";
import { connectionAt, setReadAhead } from "./fuse-connection.ts";
import { mountFuseDirectly } from "./mount-fuse.ts";
import { escapeOption, fstypeOf, helperOptions, mountData } from "./options.ts";

const run = promisify(execFile);
const root = process.geteuid?.() === 0;
const nobody = 65534;

test("options for the helper keep commas and backslashes", () => {
  expect(escapeOption("a,b\\c")).toBe("a\\,b\\\\c");
  expect(helperOptions({ fsname: "a,b", subtype: "x", readOnly: true, allowOther: true, maxRead: 8192 })).toBe(
    "fsname=a\\,b,subtype=x,ro,allow_other,max_read=8192",
  );
});

test("options for mount(2) tell descriptor, owner and the type of the root", () => {
  expect(mountData(7, 1, 2, { rootMode: 0o100000, defaultPermissions: true })).toBe(
    "fd=7,rootmode=100000,user_id=1,group_id=2,default_permissions",
  );
  expect([fstypeOf({}), fstypeOf({ subtype: "wcfs" })]).toEqual(["fuse", "fuse.wcfs"]);
});

describe.runIf(root)("mounting as root", () => {
  test("a mount has a connection number, which read-ahead is set by", async () => {
    await using server = await memoryServer();
    expect(connectionAt(server.mountpoint)).toBe(server.connection);
    expect(connectionAt("/nothing/mounted here")).toBeUndefined();
    setReadAhead(server.connection, 1 << 20);
    expect(readFileSync(`/sys/class/bdi/0:${server.connection}/read_ahead_kb`, "utf8")).toBe("1024\n");
  });

  test("a file can be a mount point", () => {
    const directory = mkdtempSync(join(tmpdir(), "belay-test-"));
    const file = join(directory, "file");
    writeFileSync(file, "");
    const fd = mountFuseDirectly(file, { rootMode: 0o100000 });
    expect(connectionAt(file)).toBeGreaterThan(0);
    umount2(file, MNT_DETACH);
    close(fd);
    rmSync(directory, { recursive: true });
  });

  test("what cannot be mounted leaves no descriptor open", () => {
    const before = openFuseDescriptors();
    expect(() => mountFuseDirectly("/nowhere at all")).toThrow(expect.objectContaining({ code: "ENOENT" }));
    expect(() => cloneFuseFd(0)).toThrow(expect.objectContaining({ syscall: "ioctl" }));
    expect(openFuseDescriptors()).toBe(before);
  });
});

describe.runIf(root && helperExists())("mounting as another user, through fusermount3", () => {
  // The helper opens the device as the user. udev makes that possible; a bare machine has it for root only.
  const deviceMode = existsSync("/dev/fuse") ? statSync("/dev/fuse").mode : 0;
  beforeAll(() => chmodSync("/dev/fuse", 0o666));
  afterAll(() => chmodSync("/dev/fuse", deviceMode & 0o777));

  test("the descriptor comes through a socket; the mount is that user's alone; unmounting ends the service", async () => {
    const mountpoint = directoryOfNobody();
    const server = userServer(mountpoint);
    const lines = createInterface(pipe(server))[Symbol.asyncIterator]();
    expect((await lines.next()).value).toMatch(/^mounted \d+$/);
    const { stdout } = await run("cat", [join(mountpoint, "hello")], { uid: nobody, gid: nobody });
    expect(stdout).toBe("from a user");
    expect(() => statSync(mountpoint)).toThrow(expect.objectContaining({ code: "EACCES" }));
    expect(mountinfoLine(mountpoint)).toMatch(
      /nosuid,nodev.* - fuse\.belaytest belay,user .*user_id=65534,group_id=65534/,
    );
    server.stdin?.write("unmount\n");
    expect((await lines.next()).value).toBe("unmounted");
    await once(server, "exit");
    expect(connectionAt(mountpoint)).toBeUndefined();
    rmSync(mountpoint, { recursive: true });
  });

  test("the helper's refusal is told in its own words", async () => {
    const mountpoint = mkdtempSync(join(tmpdir(), "belay-test-"));
    chmodSync(mountpoint, 0o755);
    const server = userServer(mountpoint);
    const lines = createInterface(pipe(server))[Symbol.asyncIterator]();
    expect((await lines.next()).value).toMatch(/^BelayError: .*fusermount3: .*no write access/);
    rmSync(mountpoint, { recursive: true });
  });

  test("a missing helper is told with what to install", async () => {
    const mountpoint = directoryOfNobody();
    const server = userServer(mountpoint, { PATH: "/nowhere" });
    const lines = createInterface(pipe(server))[Symbol.asyncIterator]();
    expect((await lines.next()).value).toContain("neither fusermount3 nor fusermount is on the PATH");
    rmSync(mountpoint, { recursive: true });
  });
});

function helperExists(): boolean {
  const found = ["/usr/bin/fusermount3", "/bin/fusermount3"].some((path) => existsSync(path));
  if (!found) console.warn("fusermount3 is not installed (package fuse3): mounting as another user is not tested");
  return found;
}

function directoryOfNobody(): string {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-"));
  chownSync(directory, nobody, nobody);
  return directory;
}

function userServer(mountpoint: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const program = fileURLToPath(new URL("../testing/user-server.child.ts", import.meta.url));
  return spawn(process.execPath, [program, mountpoint], {
    uid: nobody,
    gid: nobody,
    cwd: "/",
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
}

function pipe(child: ChildProcess): NodeJS.ReadableStream {
  if (!child.stdout) throw new Error("the child has no output");
  return child.stdout;
}

function openFuseDescriptors(): number {
  return readdirSync("/proc/self/fd").filter((fd) => linkTarget(fd) === "/dev/fuse").length;
}

function linkTarget(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // The descriptor the listing itself was read with
    return undefined;
  }
}

function mountinfoLine(mountpoint: string): string | undefined {
  return readFileSync("/proc/self/mountinfo", "latin1")
    .split("\n")
    .find((line) => line.includes(` ${mountpoint} `));
}
