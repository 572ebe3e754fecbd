import { expect, test } from "vitest";

import { ListingDigest, listingDigestSize, type Listed } from "./listing-digest.ts";

const plain: Listed = { mode: 0o100644, mtime: -1n, ctime: 2n ** 62n };
type Entry = readonly [name: string, listed: Listed, inode: number];

const digestOf = (...entries: Entry[]): string => {
  const digest = new ListingDigest();
  for (const entry of entries) digest.add(...entry);
  return digest.take().toString("hex");
};

test("the digest tells of every name, field and order, and of nothing that was before", () => {
  const entries: Entry[] = [
    ["", plain, 1],
    ["name", plain, 0xffff_ffff],
    ["eight by", plain, 3],
  ];
  const digest = digestOf(...entries);
  expect(digest).toHaveLength(2 * listingDigestSize);
  const others = [
    digestOf(),
    digestOf(...entries.slice(1)),
    digestOf(...entries.toReversed()),
    ...[{ mode: 0o100645 }, { mtime: 0n }, { ctime: 2n ** 62n + 1n }].map((other) =>
      digestOf(["", plain, 1], ["name", { ...plain, ...other }, 0xffff_ffff], ["eight by", plain, 3]),
    ),
    digestOf(["", plain, 1], ["name", plain, 2], ["eight by", plain, 3]),
    digestOf(["", plain, 1], ["name\0", plain, 0xffff_ffff], ["eight by", plain, 3]),
    digestOf(["", plain, 1], ["name", plain, 0xffff_ffff], ["eight bÿ", plain, 3]),
  ];
  expect(new Set([digest, ...others]).size).toBe(others.length + 1);
  const again = new ListingDigest();
  for (let index = 0; index < 5000; index++) again.add("x".repeat(index % 256), plain, index);
  again.clear();
  for (const entry of entries) again.add(...entry);
  expect(again.take().toString("hex")).toBe(digest);
});
