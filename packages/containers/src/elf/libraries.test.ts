import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readElf } from "./elf-file.ts";
import { configuredFolders } from "./ld-so-conf.ts";
import { librariesOf } from "./libraries.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "belay-test-elf-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

const hasCompiler = spawnSync("cc", ["--version"]).status === 0;
if (!hasCompiler) console.warn("SKIPPED: libraries of compiled programs: needs a C compiler");

/** Compiles in a folder: a shell line, with `cc` as the compiler. */
function shell(cwd: string, line: string): void {
  const { status, stderr } = spawnSync("sh", ["-ec", line], { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

function ldd(program: string): string[] {
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  return [...stdout.matchAll(/(?:\S+ => )?(\/\S+) \(0x/g)].map(([, path = ""]) => path);
}

const paths = (program: string, libraryPath?: string): string[] =>
  librariesOf(program, { libraryPath }).found.map(({ path }) => path);

test("for programs of this machine the answer is ldd's, in its order", () => {
  const programs = readdirSync("/usr/bin").map((name) => join("/usr/bin", name));
  // ldd runs each program's loader: a sample is enough to keep this short.
  const sample = programs.filter(
    (path, index) => index % 15 === 0 && statSync(path, { throwIfNoEntry: false })?.isFile(),
  );
  expect(sample.length).toBeGreaterThan(20);
  for (const program of sample) expect(paths(program), program).toEqual(ldd(program));
});

test.skipIf(!hasCompiler)("RUNPATH with $ORIGIN is searched, through links, for what the file itself needs", () => {
  const cwd = folder();
  mkdirSync(join(cwd, "lib"));
  shell(
    cwd,
    `echo 'int b(void){return 1;}' > b.c; echo 'int b(void); int a(void){return b();}' > a.c; echo 'int a(void); int main(void){return a();}' > m.c
     cc -shared -fPIC -Wl,-soname,libb.so.1 -o lib/libb.so.1.2 b.c; ln -s libb.so.1.2 lib/libb.so.1
     cc -shared -fPIC -o lib/liba.so a.c lib/libb.so.1 -Wl,-rpath,'$ORIGIN'
     cc -o m m.c -Llib -la -Wl,-rpath,'$ORIGIN/lib' -Wl,-rpath-link,lib -Wl,--enable-new-dtags`,
  );
  const found = librariesOf(join(cwd, "m")).found;
  expect(found.map(({ path }) => path)).toEqual(ldd(join(cwd, "m")));
  expect(found.find(({ path }) => path.endsWith("libb.so.1"))?.realPath).toBe(join(cwd, "lib/libb.so.1.2"));
});

test.skipIf(!hasCompiler)("RPATH also serves what the libraries need; LD_LIBRARY_PATH comes between", () => {
  const cwd = folder();
  for (const name of ["one", "two"]) mkdirSync(join(cwd, name));
  shell(
    cwd,
    `echo 'int b(void){return 1;}' > b.c; echo 'int b(void); int a(void){return b();}' > a.c; echo 'int a(void); int main(void){return a();}' > m.c
     cc -shared -fPIC -o one/libb.so b.c; cp one/libb.so two/; cc -shared -fPIC -o one/liba.so a.c -Lone -lb
     cc -o old m.c -Lone -la -Wl,-rpath-link,one -Wl,-rpath,'$ORIGIN/one' -Wl,--disable-new-dtags; cc -o bare m.c -Lone -la -Wl,-rpath-link,one`,
  );
  expect(paths(join(cwd, "old"))).toEqual(ldd(join(cwd, "old")));
  expect(paths(join(cwd, "old"))).toContain(join(cwd, "one/libb.so"));
  const bare = librariesOf(join(cwd, "bare"), { libraryPath: undefined });
  expect(bare.missing.map(({ name }) => name)).toEqual(["liba.so"]);
  expect(paths(join(cwd, "bare"), `${join(cwd, "two")}:${join(cwd, "one")}`)).toContain(join(cwd, "two/libb.so"));
});

test("a library of another architecture is passed over", () => {
  const cwd = folder();
  // The right name, the wrong machine: byte 18 of the header.
  cpSync(librariesOf("/usr/bin/env").found[0]?.realPath ?? "", join(cwd, "libc.so.6"));
  spawnSync("sh", ["-c", "printf '\\050' | dd of=libc.so.6 bs=1 seek=18 conv=notrunc"], { cwd });
  expect(readElf(join(cwd, "libc.so.6"))?.machine).toBe(40);
  expect(paths("/usr/bin/env", cwd)).not.toContain(join(cwd, "libc.so.6"));
});

test("scripts, empty and damaged files have no libraries; a missing program is an error", () => {
  const cwd = folder();
  const file = (name: string, data: string | Buffer): string => {
    writeFileSync(join(cwd, name), data);
    chmodSync(join(cwd, name), 0o755);
    return join(cwd, name);
  };
  const header = Buffer.alloc(64, 0xff);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  for (const path of [file("script", "#!/bin/sh\n"), file("empty", ""), file("damaged", header)]) {
    expect(librariesOf(path)).toEqual({ linking: "none", found: [], missing: [] });
  }
  expect(() => librariesOf(join(cwd, "none"))).toThrow("ENOENT");
});

test("ld.so.conf is read with what it includes, each folder once, circles and comments too", () => {
  const root = folder();
  mkdirSync(join(root, "etc/ld.so.conf.d"), { recursive: true });
  writeFileSync(join(root, "etc/ld.so.conf"), "include ld.so.conf.d/*.conf\n/opt/lib/ # ours\n");
  writeFileSync(join(root, "etc/ld.so.conf.d/b.conf"), "/b,/c:/a\ninclude /etc/ld.so.conf\nhwcap 0 nosegneg\n");
  writeFileSync(join(root, "etc/ld.so.conf.d/a.conf"), "/a\n# /no\n");
  symlinkSync("a.conf", join(root, "etc/ld.so.conf.d/c.conf"));
  expect(configuredFolders("/etc/ld.so.conf", root)).toEqual(["/a", "/b", "/c", "/opt/lib"]);
});

test.skipIf(!hasCompiler)("musl's loader is the C library, and takes a RUNPATH for what the libraries need too", () => {
  const cwd = folder();
  for (const name of ["lib", "etc", "own", "set"]) mkdirSync(join(cwd, name));
  writeFileSync(join(cwd, "etc/ld-musl-test.path"), `${join(cwd, "none")}\n${join(cwd, "set")}:/none`);
  shell(
    cwd,
    `echo 'int b(void){return 1;}' > b.c; echo 'int b(void); int a(void){return b();}' > a.c; echo 'int a(void); void _start(void){a();}' > m.c
     cc -nostdlib -shared -fPIC -o lib/ld-musl-test.so.1 b.c; cc -nostdlib -shared -fPIC -Wl,-soname,libc.musl-test.so.1 -o c.so b.c
     cc -nostdlib -shared -fPIC -o own/libb.so b.c; cc -nostdlib -shared -fPIC -o set/libs.so b.c
     cc -nostdlib -shared -fPIC -o own/liba.so a.c -Lown -lb
     cc -nostdlib -o m m.c -Lown -Lset -la -Wl,--no-as-needed -ls c.so -Wl,-rpath,'$ORIGIN/own' -Wl,-rpath-link,own -Wl,--enable-new-dtags -Wl,--dynamic-linker=${join(cwd, "lib/ld-musl-test.so.1")}`,
  );
  const { found, missing } = librariesOf(join(cwd, "m"), { libraryPath: undefined });
  expect(missing).toEqual([]);
  expect(found.map(({ path }) => path.slice(cwd.length + 1))).toEqual(["own/liba.so", "set/libs.so", "lib/ld-musl-test.so.1", "own/libb.so"]); // prettier-ignore
});
