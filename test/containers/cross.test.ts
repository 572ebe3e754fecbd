/** Images of another architecture, with an emulator that the kernel starts: binfmt_misc, `--include-executable`, `update --executable`. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Podman, podmanMissing } from "./podman.ts";

const emulator = "/usr/bin/qemu-aarch64-static";
const binfmt = "/proc/sys/fs/binfmt_misc";
const entry = `${binfmt}/qemu-aarch64-static`;

let mountedHere = false;

function whatIsMissing(): string | undefined {
  if (process.arch === "arm64") return "this machine needs no emulator for arm64";
  if (!existsSync(emulator)) return "needs qemu-user-static";
  if (!existsSync(`${binfmt}/register`)) {
    mountedHere = spawnSync("mount", ["-t", "binfmt_misc", "none", binfmt]).status === 0;
  }
  if (!existsSync(`${binfmt}/register`)) return "the kernel has no binfmt_misc, or it may not be mounted";
  return existsSync(entry) ? `${entry} is registered already: not ours to change` : undefined;
}

const missing = podmanMissing() ?? whatIsMissing();
if (missing !== undefined) console.warn(`SKIPPED: images of another architecture: ${missing}`);

/** Has the kernel start arm64 programs with the emulator for the rest of a test. */
function register(flags: string, interpreter = emulator): void {
  const bytes = (text: string): string => text.replace(/../g, "\\x$&");
  const magic = bytes("7f454c460201010000000000000000000200b700");
  const mask = bytes("ffffffffffffff00fffffffffffffffffeffffff");
  writeFileSync(`${binfmt}/register`, `:qemu-aarch64-static:M::${magic}:${mask}:${interpreter}:${flags}`);
  onTestFinished(() => writeFileSync(entry, "-1"));
}

/** A static arm64 program that leaves with a status: `mov x0, #status; mov x8, #93 (exit); svc #0`. */
function arm64Program(status: number): Buffer {
  const file = Buffer.alloc(0x78 + 12);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const base = 0x400000n;
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt16LE(183, 18); // EM_AARCH64
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(base + 0x78n, 24); // entry
  file.writeBigUInt64LE(64n, 32); // program headers
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // PT_LOAD
  file.writeUInt32LE(5, 68); // r-x
  file.writeBigUInt64LE(base, 80);
  file.writeBigUInt64LE(base, 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  for (const [index, word] of [0xd2800000 | (status << 5), 0xd2800ba8, 0xd4000001].entries()) {
    file.writeUInt32LE(word >>> 0, 0x78 + 4 * index);
  }
  return file;
}

describe.skipIf(missing !== undefined)("images of another architecture", () => {
  let podman: Podman;
  beforeAll(() => {
    podman = new Podman();
    mkdirSync(podman.path("work/ctx"));
    writeFileSync(podman.path("work/prog"), arm64Program(42), { mode: 0o755 });
  });
  afterAll(() => {
    podman[Symbol.dispose]();
    if (mountedHere) spawnSync("umount", [binfmt]);
  });

  const dockerfile = (tag: string): string => podman.file(`${tag}.docker`, "FROM scratch\nADD . /\n");
  const program = ["--extra-files", "prog"];

  test("with flag F the kernel keeps the emulator: it is not copied, and the image runs", () => {
    register("F");
    const built = podman.run("docker-py", "build", "-t", "arm-f", "-f", dockerfile("f"), "-e", emulator, ...program);
    expect(built.stdout).toContain("binfmt_misc for qemu-aarch64-static uses persistent(F) mapping to host binary");
    expect(built.stdout).toContain(`only copying support libraries for ${emulator}`);
    expect(podman.run("container", "run", "arm-f", "/prog")).toMatchObject({ status: 42 });
  });

  test("without it the emulator is copied to where the kernel will look for it", () => {
    register("");
    const built = podman.run("docker-py", "build", "-t", "arm-c", "-f", dockerfile("c"), "-e", emulator, ...program);
    expect(built).toMatchObject({ status: 0 });
    expect(podman.run("container", "run", "arm-c", "/prog")).toMatchObject({ status: 42 });
  });

  test("an interpreter elsewhere is told and obeyed; update adds it too", () => {
    register("", "/opt/emulators/qemu-aarch64-static");
    const told = `binfmt_misc for qemu-aarch64-static does not point to ${emulator}, using /opt/emulators/qemu-aarch64-static`;
    const plain = podman.run("docker-py", "build", "-t", "arm-u", "-f", dockerfile("u"), ...program);
    expect(plain).toMatchObject({ status: 0 });
    expect(podman.run("container", "run", "arm-u", "/prog").status).not.toBe(42);
    const updated = podman.run("docker-py", "update", "arm-u", "--executable", emulator);
    expect(updated).toMatchObject({ status: 0 });
    expect(updated.stdout).toContain(told);
    expect(podman.run("container", "run", "arm-u", "/prog")).toMatchObject({ status: 42 });
  });

  test("without a registration nothing is built", () => {
    const refused = podman.run("docker-py", "build", "-t", "arm-n", "-f", dockerfile("n"), "-e", emulator, ...program);
    expect(refused).toMatchObject({ status: 1, stdout: "No binfmt_misc entry for qemu-aarch64-static\n" });
    expect(podman.run("docker-py", "update", "arm-f", "--executable", emulator)).toMatchObject({ status: 1 });
  });

  test("a registration that is switched off counts as none", () => {
    register("F");
    writeFileSync(entry, "0");
    const refused = podman.run("docker-py", "build", "-t", "arm-o", "-f", dockerfile("o"), "-e", emulator);
    expect(refused).toMatchObject({ status: 1, stdout: "binfmt_misc entry for qemu-aarch64-static is disabled\n" });
  });
});
