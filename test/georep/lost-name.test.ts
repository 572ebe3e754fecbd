import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { makePair, within } from "./replica.ts";

// Only fanotify tells which object it was; through inotify it is the destination that knows what stood at the name.
test.each(["auto", "inotify"] as const)(
  "what is changed through a name that goes at once is changed under its other names, whatever it is (%s)",
  async (sourceKind) => {
    using pair = makePair();
    const at = (name: string): string => join(pair.source, name);
    writeFileSync(at("file"), "1");
    writeFileSync(at("saved"), "2");
    writeFileSync(at("new"), "3");
    execFileSync("mkfifo", [at("fifo")]);
    symlinkSync("nowhere", at("link"));
    for (const name of ["file", "saved", "fifo", "link"]) linkSync(at(name), at(`${name}-2`));
    mkdirSync(at("directory"));
    writeFileSync(at("directory/file"), "4");
    linkSync(at("directory/file"), at("file-3"));
    await using worker = await pair.start({ sourceKind: sourceKind === "auto" ? undefined : sourceKind });
    await worker.checkpoint(within(30_000));
    for (const name of ["file", "fifo"]) {
      chmodSync(at(name), 0o777);
      execFileSync("setfacl", ["-m", "u:1000:r", at(name)]);
      utimesSync(at(name), 5, 5);
    }
    lutimesSync(at("link"), 7, 7);
    writeFileSync(at("file"), "changed");
    writeFileSync(at("saved"), "changed, too");
    for (const name of ["file", "fifo", "link"]) unlinkSync(at(name));
    renameSync(at("new"), at("saved"));
    writeFileSync(at("directory/file"), "changed as well");
    rmSync(at("directory"), { recursive: true });
    await worker.checkpoint(within(30_000));
    expect(pair.differences()).toEqual([]);
  },
);
