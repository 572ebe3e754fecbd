/** An image from a debootstrapped base: users, libraries, packages of a real distribution. It fetches some 50 MB from Debian's mirror. */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Podman, podmanMissing } from "./podman.ts";

const mirror = "http://deb.debian.org/debian";

function whatIsMissing(): string | undefined {
  if (spawnSync("debootstrap", ["--version"]).status !== 0) return "needs debootstrap";
  const reached = spawnSync("curl", ["-sfIL", "-m", "10", `${mirror}/dists/bookworm/Release`]).status === 0;
  return reached ? undefined : `${mirror} cannot be reached`;
}

const missing = podmanMissing() ?? whatIsMissing();
if (missing !== undefined) console.warn(`SKIPPED: an image from a debootstrapped base: ${missing}`);

describe.skipIf(missing !== undefined)("an image from a debootstrapped base", { timeout: 120_000 }, () => {
  let podman: Podman;
  beforeAll(() => {
    podman = new Podman();
    const root = podman.path("root");
    const made = spawnSync("debootstrap", ["--variant=minbase", "bookworm", root, mirror], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(made.stderr + made.stdout);
    const packed = spawnSync("sh", ["-c", `tar -C '${root}' -c . | podman import - base/debian`], { env: podman.env });
    if (packed.status !== 0) throw new Error("podman import failed");
  }, 400_000);
  afterAll(() => podman[Symbol.dispose]());

  test("a program with its libraries is added, the user is known, a second build is current", () => {
    const file = podman.file("d.docker", "FROM base/debian\nADD . /\nRUN ldconfig\n");
    const args = ["build", "-t", "d", "-f", file, "-e", "/usr/bin/git", "--skip-binfmt", "-u"];
    expect(podman.run("docker-py", ...args)).toMatchObject({ status: 0 });
    expect(podman.run("docker-py", ...args).stdout).toBe("Image is up to date.\n");
    expect(podman.run("container", "run", "d", "git", "--version").stdout).toMatch(/^git version/);
    expect(podman.run("container", "run", "--run-as-current-user", "d", "id", "-un").stdout).toBe("root\n");
    expect(podman.run("container", "run", "d", "sh", "-c", "exit 9")).toMatchObject({ status: 9 });
  });

  test("update adds the user to an image that is there", () => {
    expect(podman.run("docker-py", "update", "base/debian", "-u")).toMatchObject({ status: 0 });
  });
});
