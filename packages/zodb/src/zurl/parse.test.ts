import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../filestorage/testing/python-database.ts";
import { transactionMeta } from "../storage.ts";
import { openStorage } from "./open-storage.ts";
import { formatZurl, parseZurl, type Zurl } from "./parse.ts";
import type { QueryOptions } from "./query.ts";

const file = (path: string, options: QueryOptions = []): Zurl => ({ kind: "file", path, options });

test.for<[string, Zurl]>([
  ["/srv/Data.fs", file("/srv/Data.fs")],
  ["data/Data.fs", file("data/Data.fs")],
  ["file:///srv/a%20b/Data.fs", file("/srv/a%20b/Data.fs")],
  ["file:/srv/Data.fs", file("/srv/Data.fs")],
  ["FILE:///srv/Data.fs?read_only=1&x=", file("/srv/Data.fs", [["read_only", "1"]])],
  ["zconfig:///etc/zodb.conf#main", { kind: "zconfig", path: "/etc/zodb.conf", database: "main" }],
  ["zconfig:///etc/zodb.conf", { kind: "zconfig", path: "/etc/zodb.conf", database: undefined }],
  ["memory://", { kind: "memory", name: "" }],
  ["memory://x", { kind: "memory", name: "x" }],
  ["zeo://localhost:9991", { kind: "zeo", scheme: "zeo", zurl: "zeo://localhost:9991" }],
  ["neos://c@a:1?ca=x", { kind: "neo", scheme: "neos", zurl: "neos://c@a:1?ca=x" }],
  ["postgresql://u:p@h/db", { kind: "relstorage", scheme: "postgresql", zurl: "postgresql://u:p@h/db" }],
  ["demo:(file:///b.fs)/(/d.fs)", { kind: "demo", base: file("/b.fs"), delta: file("/d.fs"), options: [] }],
  [
    "demo:(demo:(file:///a.fs)/(file:///b.fs))/(memory://)#x=1",
    {
      kind: "demo",
      base: { kind: "demo", base: file("/a.fs"), delta: file("/b.fs"), options: [] },
      delta: { kind: "memory", name: "" },
      options: [["x", "1"]],
    },
  ],
])("%s is understood", ([zurl, expected]) => {
  expect(parseZurl(zurl)).toEqual(expected);
  const again = parseZurl(formatZurl(expected));
  expect({ ...again, options: [] }).toEqual({ ...expected, options: [] });
});

test.for([
  "",
  "file://",
  "zconfig://",
  "demo:",
  "demo:(file:///a)",
  "demo:(file:///a)/(file:///b",
  "demo:(file:///a)/(/b)x",
])("%j makes no sense", (zurl) => {
  expect(() => parseZurl(zurl)).toThrow(expect.objectContaining({ code: "EFORMAT" }));
});

test("an unknown scheme is refused in the words known from other tools", async () => {
  expect(() => parseZurl("http://x/y")).toThrow(
    expect.objectContaining({ code: "EUNSUPPORTED", message: 'zodb: URL scheme "http://" not supported' }),
  );
  expect(() => parseZurl("constructor://x")).toThrow(expect.objectContaining({ code: "EUNSUPPORTED" }));
  await expect(openStorage("neo://c@a:1")).rejects.toMatchObject({ code: "EUNSUPPORTED" });
});

test("what the zurl says about writing stands", async () => {
  using dir = temporaryDirectory();
  const path = dir.file("Data.fs");
  {
    await using storage = await openStorage(`file://${path}?create=true`, { readOnly: false });
    const txn = storage.begin(transactionMeta());
    txn.store(0n, 0n, Buffer.from("x"));
    txn.finish();
  }
  await using again = await openStorage(path, { readOnly: false });
  expect(again.lastTid()).not.toBe(0n);
  await using reader = await openStorage(`file://${path}?read_only=yes`, { readOnly: false });
  expect(reader.readOnly).toBe(true);
  expect(() => reader.begin(transactionMeta())).toThrow(expect.objectContaining({ code: "EREADONLY" }));
  await expect(openStorage(`file://${path}?demostorage=1`)).rejects.toMatchObject({ code: "EUNSUPPORTED" });
  await expect(openStorage(`file://${path}?read_only=maybe`)).rejects.toMatchObject({ code: "EFORMAT" });
});

test("a database is found in a configuration by its name, or is the first", async () => {
  using dir = temporaryDirectory();
  for (const name of ["a", "b"]) {
    await using storage = await openStorage(dir.file(`${name}.fs`), { readOnly: false, create: true });
    expect(storage.readOnly).toBe(false);
  }
  const config = dir.file("zodb.conf");
  writeFileSync(
    config,
    `%define data ${dir.file("")}
# two databases, and one we cannot open
<eventlog>
  level info
</eventlog>
<zodb A>
  cache-size 1000
  <filestorage>
    path \${data}/a.fs
  </filestorage>
</zodb>
<zodb b>
  <filestorage 1>
    path $data/b.fs
    read-only on
  </filestorage>
</zodb>
<zodb c>
  <zeoclient>
    server localhost:1
  </zeoclient>
</zodb>
`,
  );
  await using first = await openStorage(`zconfig://${config}`);
  expect(first.zurl).toBe(`file://${dir.file("a.fs")}`);
  await using named = await openStorage(`zconfig://${config}#B`, { readOnly: false });
  expect([named.zurl, named.readOnly]).toEqual([`file://${dir.file("b.fs")}`, true]);
  await expect(openStorage(`zconfig://${config}#c`)).rejects.toMatchObject({ code: "EUNSUPPORTED" });
  await expect(openStorage(`zconfig://${config}#d`)).rejects.toMatchObject({
    code: "EFORMAT",
    hint: "it has: a, b, c",
  });
  writeFileSync(config, "<zodb>\n<filestorage>\npath x\n</zodb>\n");
  await expect(openStorage(`zconfig://${config}`)).rejects.toMatchObject({
    code: "EFORMAT",
    message: `${config}:4: </zodb> closes no section`,
  });
});
