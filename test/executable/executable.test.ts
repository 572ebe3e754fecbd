import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const bin = join(import.meta.dirname, "..", "..", "dist", "bin");
const built = existsSync(join(bin, "wcfs"));
if (!built) console.warn("no dist/bin/wcfs: the tests of the executable are skipped; make build makes it");

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(file: string, ...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: "utf8", timeout: 60_000 });
  return { code: status, stdout, stderr };
}

let directory: string;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), "belay-test-executable-"))));
afterAll(() => rmSync(directory, { recursive: true }));

describe.skipIf(!built)("the executable", () => {
  test("is one file under all its names", () => {
    const [belay, wcfs] = ["belay", "wcfs"].map((name) => readFileSync(join(bin, name)));
    expect(wcfs?.equals(belay ?? Buffer.alloc(0))).toBe(true);
  });

  test("tells its version and helps", () => {
    expect(run(join(bin, "belay"), "--version")).toMatchObject({ code: 0, stdout: "0.1.0\n" });
    const help = run(join(bin, "belay"), "wcfs", "import", "--help");
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("Examples:");
  });

  test("called wcfs without arguments it shows the usage of the front end", () => {
    expect(run(join(bin, "wcfs"))).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "Wcfs serves WCFS filesystem for ZODB at zurl for wendelin.core .\n\n" +
        "Usage: wcfs (serve|stop|status) [-h | wcfs.go options] zurl\n",
    });
  });

  test("called wcfs with one positional argument it is the server, which refuses", () => {
    const { code, stderr } = run(join(bin, "wcfs"), "file:///nonexistent/Data.fs");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^Usage: .*wcfs \[OPTIONS\] zurl mntpt\n/);
  });

  test("what a role refuses, in another part of it, is a line and a hint, as everywhere", () => {
    const { code, stderr } = run(join(bin, "gsyncd"), "worker", "volume", "host::volume", "--local-path=/brick");
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^gsyncd: gluster:.* cannot be replicated yet\n {2}hint: .*\n$/),
    ]);
  });

  test("an unknown command of the front end is named", () => {
    expect(run(join(bin, "wcfs"), "sevre", "file:///x.fs")).toMatchObject({
      code: 2,
      stderr: 'wcfs: unknown command "sevre"\n',
    });
  });

  test("works alone, copied to another folder, and through a symbolic link of any name", () => {
    copyFileSync(join(bin, "wcfs"), join(directory, "wcfs"));
    symlinkSync("wcfs", join(directory, "another"));
    for (const name of ["wcfs", "another"]) {
      const { code, stdout } = run(join(directory, name), "status", "file:///nonexistent/Data.fs");
      expect(stdout).toMatch(/^fail - no mount entry for \/dev\/shm\/wcfs\/[0-9a-f]{40}\n$/);
      expect(code).toBe(1);
    }
  });

  test.runIf(process.geteuid?.() === 0)(
    "works where nothing can be written to the directory for temporary files, nor executed from it",
    () => {
      copyFileSync(join(bin, "belay"), join(directory, "belay"));
      for (const options of ["ro", "noexec"]) {
        const script = 'mount -t tmpfs -o "$1" none "$2" && TMPDIR="$2" exec "$0" doctor';
        const place = mkdtempSync(join(directory, "tmp-"));
        const { stdout, stderr } = run("unshare", "-m", "--propagation", "private", "sh", "-c", script, join(directory, "belay"), options, place); // prettier-ignore
        expect([stdout, stderr], options).toEqual([expect.stringMatching(/^ok +run-directory: /m), ""]);
      }
    },
  );
});
