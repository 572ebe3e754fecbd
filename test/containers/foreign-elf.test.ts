/**
 * Libraries of programs of other architectures, as Debian builds them: the answer has to be that of the program's own loader, which an emulator
 * runs here. It fetches some 15 MB of packages and 8 MB of lists from Debian's mirror for each architecture.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { librariesOf } from "../../packages/containers/src/elf/libraries.ts";

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
const packages = ["curl", "dash", "file"];

/** 64 and 32 bits, both byte orders. */
const architectures = [
  {
    name: "arm64",
    emulator: "qemu-aarch64-static",
    triplet: "aarch64-linux-gnu",
    loader: "/lib/ld-linux-aarch64.so.1",
  },
  { name: "armhf", emulator: "qemu-arm-static", triplet: "arm-linux-gnueabihf", loader: "/lib/ld-linux-armhf.so.3" },
  { name: "i386", emulator: "qemu-i386-static", triplet: "i386-linux-gnu", loader: "/lib/ld-linux.so.2" },
  { name: "s390x", emulator: "qemu-s390x-static", triplet: "s390x-linux-gnu", loader: "/lib/ld64.so.1" },
] as const;
type Architecture = (typeof architectures)[number];

const folder = mkdtempSync(join(tmpdir(), "belay-test-foreign-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Unpacks Debian's packages with all they need. apt keeps everything in our folder: the machine's own architectures stay as they are. */
function unpack({ name, emulator }: Architecture): string | { missing: string } {
  if (spawnSync(emulator, ["--version"]).status !== 0) return { missing: `needs ${emulator}` };
  if (!existsSync(keyring)) return { missing: `needs ${keyring}` };
  const at = (path: string): string => join(folder, name, path);
  for (const each of ["state/lists/partial", "cache/archives/partial", "root"])
    mkdirSync(at(each), { recursive: true });
  writeFileSync(at("status"), "");
  writeFileSync(at("sources.list"), `deb [signed-by=${keyring}] http://deb.debian.org/debian bookworm main\n`);
  const settings = {
    "APT::Architecture": name,
    "APT::Architectures": name,
    "APT::Install-Recommends": "false",
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Acquire::Retries": "2",
    "Dir::Etc::SourceList": at("sources.list"),
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::State": at("state"),
    "Dir::State::status": at("status"),
    "Dir::Cache": at("cache"),
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  for (const words of [["update"], ["install", "-y", "--download-only", ...packages]]) {
    const { status, stderr } = spawnSync("apt-get", ["-qq", ...options, ...words], { encoding: "utf8" });
    if (status !== 0) return { missing: `apt-get ${words[0]} for ${name}: ${stderr.trim() || "cannot be run"}` };
  }
  for (const file of globSync(at("cache/archives/*.deb"))) {
    const { status, stderr } = spawnSync("dpkg-deb", ["-x", file, at("root")], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
  }
  return at("root");
}

describe("libraries of programs of another architecture are those its own loader finds", { timeout: 180_000 }, () => {
  test.for(architectures.map((each) => [each.name, each] as const))("%s", ([, architecture], { skip }) => {
    const root = unpack(architecture);
    if (typeof root !== "string") {
      console.warn(`SKIPPED: libraries of programs of ${architecture.name}: ${root.missing}`);
      return skip();
    }
    const { triplet, loader, emulator } = architecture;
    const folders = [`${root}/lib/${triplet}`, `${root}/usr/lib/${triplet}`, `${root}/lib`];
    const programs = globSync(`${root}/{bin,usr/bin}/{curl,dash,file}`);
    expect(programs).toHaveLength(packages.length);
    for (const program of programs) {
      const words = [`${root}${loader}`, "--library-path", folders.join(":"), "--list", program];
      const { stdout } = spawnSync(emulator, words, { encoding: "utf8" });
      const told = [...stdout.matchAll(/^\t(\S+) => (\/\S+) \(0x/gm)];
      const expected = told.map(([, name = "", path = ""]) => (name === loader ? loader : path));
      const { found, missing } = librariesOf(program, { configured: folders, libraryPath: undefined });
      expect(missing).toEqual([]);
      expect(
        found.map(({ path }) => path),
        program,
      ).toEqual(expected);
      expect(found.map(({ path }) => path)).toContain(loader);
      expect(found.every(({ path, realPath }) => path === loader || realPath.startsWith(root))).toBe(true);
    }
  });
});
