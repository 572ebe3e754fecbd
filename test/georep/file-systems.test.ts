import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { makePair, within, type Pair } from "./replica.ts";

/** Puts a file system where the source is. */
type Mount = (pair: Pair) => void;

const isRoot = process.geteuid?.() === 0;
const has = (program: string) => spawnSync("which", [program]).status === 0;

const kinds: readonly { name: string; needs?: string; mount: Mount }[] = [
  { name: "tmpfs", mount: ({ source }) => mount("-t", "tmpfs", "tmpfs", source) },
  { name: "ext4", needs: "mkfs.ext4", mount: onLoop("32M", "mkfs.ext4", "-q") },
  { name: "xfs", needs: "mkfs.xfs", mount: onLoop("320M", "mkfs.xfs", "-q") },
  { name: "a btrfs subvolume", needs: "mkfs.btrfs", mount: mountSubvolume },
  { name: "overlayfs", mount: mountOverlay },
  { name: "a bind mount", mount: mountBind },
];

for (const { name, needs, mount: mountSource } of kinds)
  test.runIf(isRoot && (needs === undefined || has(needs)))(
    `a source on ${name} is replicated, without what is mounted in it`,
    async () => {
      using pair = makePair();
      mountSource(pair);
      try {
        await follow(pair);
      } finally {
        for (const path of [join(pair.source, "nested"), pair.source, join(pair.base, "layers")])
          spawnSync("umount", ["-l", path]);
      }
    },
  );

async function follow(pair: Pair): Promise<void> {
  const at = (...names: string[]) => join(pair.source, ...names);
  fs.mkdirSync(at("d/e"), { recursive: true });
  fs.mkdirSync(at("nested"));
  fs.writeFileSync(at("d/e/f"), "first");
  fs.linkSync(at("d/e/f"), at("linked"));
  mount("-t", "tmpfs", "tmpfs", at("nested"));
  fs.writeFileSync(at("nested/elsewhere"), "of another file system");
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  fs.renameSync(at("d"), at("moved"));
  fs.appendFileSync(at("moved/e/f"), ", and more");
  fs.writeFileSync(at("moved/new"), "new");
  fs.writeFileSync(at("nested/later"), "of another file system");
  await worker.checkpoint(within(30_000));
  expect(fs.readFileSync(join(pair.destination, "moved/e/f"), "utf8")).toBe("first, and more");
  expect(fs.readdirSync(pair.destination).filter((name) => name === "nested")).toEqual([]);
  execFileSync("umount", [at("nested")]);
  fs.rmdirSync(at("nested"));
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
}

function mount(...args: string[]): void {
  execFileSync("mount", args);
}

function onLoop(size: string, ...mkfs: string[]): (at: Pick<Pair, "base" | "source">) => void {
  return ({ base, source }) => {
    const image = join(base, "image");
    const [program = "", ...options] = mkfs;
    execFileSync("truncate", ["-s", size, image]);
    execFileSync(program, [...options, image]);
    mount("-o", "loop", image, source);
  };
}

function mountSubvolume({ base, source }: Pair): void {
  const layers = join(base, "layers");
  fs.mkdirSync(layers);
  onLoop("128M", "mkfs.btrfs", "-q")({ base, source: layers });
  execFileSync("btrfs", ["-q", "subvolume", "create", join(layers, "volume")]);
  const { stdout } = spawnSync("findmnt", ["-no", "SOURCE", layers], { encoding: "utf8" });
  mount("-o", "subvol=volume", stdout.trim(), source);
}

function mountOverlay({ base, source }: Pair): void {
  const layers = join(base, "layers");
  fs.mkdirSync(layers);
  mount("-t", "tmpfs", "tmpfs", layers);
  for (const name of ["lower/old", "upper", "work"]) fs.mkdirSync(join(layers, name), { recursive: true });
  fs.writeFileSync(join(layers, "lower/old/file"), "of the lower layer");
  const options = ["lowerdir=lower", "upperdir=upper", "workdir=work"].map((each) => each.replace("=", `=${layers}/`));
  mount("-t", "overlay", "overlay", "-o", options.join(","), source);
}

function mountBind({ base, source }: Pair): void {
  const layers = join(base, "layers");
  fs.mkdirSync(layers);
  mount("-t", "tmpfs", "tmpfs", layers);
  fs.mkdirSync(join(layers, "below"));
  mount("--bind", join(layers, "below"), source);
}
