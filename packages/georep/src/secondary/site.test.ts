import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { close, fileSystemId, open, O_DIRECTORY, O_RDONLY } from "@belay/linux";
import { expect, test } from "vitest";

import { noReplica } from "../rpc/hello-messages.ts";
import { requireSite, siteOf } from "./site.ts";

const hasXfs = spawnSync("which", ["mkfs.xfs"]).status === 0;
const replica = Buffer.alloc(16, 1);
const other = Buffer.alloc(16, 2);

function inFolder(action: (path: string) => void): void {
  const path = mkdtempSync(join(tmpdir(), "belay-test-site-"));
  try {
    action(path);
  } finally {
    rmSync(path, { recursive: true });
  }
}

test("a directory that is not there lies where it would be made, and one that is held open where it is", () => {
  inFolder((path) => {
    const site = siteOf(path);
    expect(site).toMatch(/^\S+ .*at \/\S*$/);
    expect(siteOf(join(path, "not/there"))).toBe(site);
    const fd = open(path, O_RDONLY | O_DIRECTORY);
    expect(siteOf(`/proc/self/fd/${fd}`)).toBe(site);
    close(fd);
  });
});

test.runIf(process.geteuid?.() === 0)(
  "what is mounted lies elsewhere, a part of the same file system too; one tmpfs is as good as another",
  () => {
    inFolder((path) => {
      const [point, part] = [join(path, "point"), join(path, "part")];
      for (const directory of [point, part]) mkdirSync(directory);
      const bare = siteOf(point);
      const sites = ["tmpfs", "tmpfs", "bind"].map((kind) => {
        if (kind === "bind") execFileSync("mount", ["--bind", part, point]);
        else execFileSync("mount", ["-t", "tmpfs", "none", point]);
        try {
          return siteOf(join(point, "copy"));
        } finally {
          execFileSync("umount", [point]);
        }
      });
      expect(sites[0]).toBe(`tmpfs at ${point}`);
      expect(sites[1]).toBe(sites[0]);
      expect(sites[2]).toContain("/part");
      expect(new Set([bare, ...sites]).size).toBe(3);
      for (const name of readdirSync(path)) rmdirSync(join(path, name));
    });
  },
);

test("a memory that is known is right wherever it lies; another, or none, only where the last one was", () => {
  inFolder((path) => {
    const here = { replica, site: siteOf(path) };
    const elsewhere = { replica, site: "ext4 (0123) at /mnt/backup" };
    for (const there of [replica, other, undefined]) {
      requireSite(path, here, there);
      requireSite(path, undefined, there);
    }
    requireSite(path, elsewhere, replica);
    const changed = expect.objectContaining({ code: "EDESTINATIONCHANGED" }) as Error;
    for (const there of [other, undefined]) expect(() => requireSite(path, elsewhere, there)).toThrow(changed);
    expect(readdirSync(path)).toEqual([]);
  });
});

test("what was only looked at has to be on the same file system, however that is mounted, or to have a memory", () => {
  inFolder((path) => {
    const site = siteOf(path);
    const file = { replica: noReplica, site };
    requireSite(path, file, undefined);
    // As a unit sees it that may write to nothing else: a part of it, mounted at its own place.
    const [fileSystem = ""] = /^\S+ \([^,)]*/.exec(site) ?? [];
    requireSite(path, { replica: noReplica, site: `${fileSystem}, /srv/copy) at /srv/copy` }, undefined);
    const elsewhere = { replica: noReplica, site: "ext4 (0123) at /mnt/backup" };
    requireSite(path, elsewhere, replica);
    for (const there of [elsewhere, { replica: noReplica, site: "tmpfs at /mnt/backup" }])
      expect(() => requireSite(path, there, undefined)).toThrow(/nothing was written to it yet/);
  });
});

test.runIf(process.geteuid?.() === 0 && hasXfs)(
  "a disk whose number is another one is the same, and what earlier versions called it is still right",
  () => {
    inFolder((path) => {
      const [point, image] = [join(path, "point"), join(path, "image")];
      mkdirSync(point);
      execFileSync("truncate", ["-s", "320M", image]);
      execFileSync("mkfs.xfs", ["-q", image]);
      // The first one's number is not free for the second.
      const devices = [1, 2].map(() => execFileSync("losetup", ["--find", "--show", image]).toString().trim());
      try {
        const sites = devices.map((device) =>
          withMount([device, point], () => ({ site: siteOf(point), id: idOf(point) })),
        );
        const [first, second] = sites;
        expect(first?.site).toMatch(/^xfs \([0-9a-f]{32}\) at /);
        expect(second?.site).toBe(first?.site);
        expect(second?.id, "the numbers differ").not.toBe(first?.id);
        withMount([devices[1] ?? "", point], () => {
          for (const replica of [other, noReplica]) {
            requireSite(point, { replica, site: `xfs (${second?.id}) at ${point}` }, undefined);
            const elsewhere = { replica, site: `xfs (${first?.id}) at ${point}` };
            expect(() => requireSite(point, elsewhere, undefined)).toThrow(/EDESTINATIONCHANGED|was on xfs/);
          }
        });
      } finally {
        for (const device of devices) execFileSync("losetup", ["--detach", device]);
      }
    });
  },
);

function withMount<T>(what: readonly string[], action: () => T): T {
  execFileSync("mount", what);
  try {
    return action();
  } finally {
    execFileSync("umount", what.slice(-1));
  }
}

function idOf(path: string): string {
  const fd = open(path, O_RDONLY | O_DIRECTORY);
  try {
    return fileSystemId(fd).toString("hex");
  } finally {
    close(fd);
  }
}
