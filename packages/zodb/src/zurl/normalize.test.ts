import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { havePython, pythonJson } from "../testing/python.ts";
import { normalizeZurl } from "./normalize.ts";
import { joinUrl, splitUrl } from "./split.ts";

/** Inputs, what they normalise to, and the name of the mount point. */
const TABLE: [inputs: string[], normalised: string, digest: string][] = [
  [
    ["file:///srv/zodb/Data.fs", "file:///srv/zodb/Data.fs?", "file:///srv/zodb/Data.fs#"],
    "file:///srv/zodb/Data.fs",
    "be28671e44017443b5e9ce39f03f59566a2124d7",
  ],
  [["file://Data.fs"], "file://Data.fs", "b3381024d897ddd748dc3ca3f3ce9190d83aad6a"],
  [["file:/srv/Data.fs", "FILE:///srv/Data.fs"], "file:///srv/Data.fs", "b9d1695544e82f0055d063ce37829f0a7db4c03a"],
  [["file:///srv//zodb/../Data.fs"], "file:///srv//zodb/../Data.fs", "2d14dd62c0d510df6d5645a8736f4c5c92506a70"],
  [
    ["file:///srv/zodb/Data.fs?read_only=1&a=2"],
    "file:///srv/zodb/Data.fs?read_only=1&a=2",
    "f96df9e15f3435aecc33fbd9d6124ecf0a3ab6e5",
  ],
  [["zeo://localhost:9001"], "zeo://localhost:9001", "cc2e8fe011046f5fdeb805a897f6eda129619795"],
  [["ZEO://Localhost:9001"], "zeo://Localhost:9001", "5dbcaaf366dedfe3ddf711281186393ce73e5acf"],
  [["zeo:///run/zeo.sock"], "zeo:/run/zeo.sock", "242b049df33d998d70bc5afa96dc249b380f2578"],
  [["zeo:///run/zeo.sock?storage=main"], "zeo:/run/zeo.sock?storage=main", "bc478160a8adc909ce5a7f26ad703dd03238de4e"],
  [["zeo://[::1]:1234?storage=test"], "zeo://[::1]:1234?storage=test", "d0f1eb7f7f5ab267b6430182c34ff557db6547fd"],
  [
    ["demo:(zeo://localhost:9001?storage=base)/(file:///tmp/delta.fs)"],
    "demo:(zeo://localhost:9001?storage=base)/(file:///tmp/delta.fs)",
    "174c71b06daff56c2dec0bb1b3b421ed234006d6",
  ],
  [
    ["demo:(neos://c@b:2,a:1?ca=x)/(file:///tmp/d.fs)"],
    "demo:(neos://c@b:2,a:1?ca=x)/(file:///tmp/d.fs)",
    "11516882702b2d4758529a96e348943d20cf0cea",
  ],
  [["neo://cluster@def:2,abc:1"], "neo://cluster@abc:1,def:2", "ec105bbb0d97bae7cba3b609a9ef4d9a6013c899"],
  [["neos://cluster@def:2,abc:1?ca=zzz"], "neos://cluster@abc:1,def:2", "90cf09fc746cd413d4f8bb28f4f8932f6ce3fd34"],
  [
    ["neo://cluster@xyz:1?cert=c", "neos://cluster@xyz:1?ca=a&key=b&cert=c"],
    "neos://cluster@xyz:1",
    "a5cfdd2a7ac6bab580d9b216ce0020114a8e6f70",
  ],
  [
    [
      "neo://cluster@xyz:1?ca=&cert=&key=",
      "neo://cluster@xyz:1?compress=1&read-only=true&logfile=abc.log&cache-size=1024",
    ],
    "neo://cluster@xyz:1",
    "e298941548f6b0367e880ef9197679738f962ede",
  ],
  [
    ["neo://cluster@xyz:1?b=2&a=1&c=10"],
    "neo://cluster@xyz:1?a=1&b=2&c=10",
    "f78112fc3f01d8803a14fb7ccd30101c35d25fd2",
  ],
  [["neo://c@b:10,b:9,a:1,a:1"], "neo://c@a:1,a:1,b:10,b:9", "e574a35b2d1167e7789888a0c257fa11e957e2f1"],
  [["neo://c@[::2]:1,[::1]:2"], "neo://c@[::1]:2,[::2]:1", "f913eddc1d46f86f6d3d5868412dfa3b39e57d63"],
  [["neos://c@m:1?a=x%20y&a=b+c&A=%2F"], "neos://c@m:1?A=%2F&a=x+y&a=b+c", "0a0485fbfaacd686f97ce4429db9196ca439ca02"],
  [["neo://c@m:1?flag"], "neo://c@m:1", "0e4686c0e11b4cfcd7bcdaa9c3a65811ccec5d0a"],
];

for (const [inputs, normalised, digest] of TABLE) {
  test.for(inputs)("%s is the database of its normal form", (input) => {
    expect(normalizeZurl(input)).toBe(normalised);
    expect(normalizeZurl(normalised)).toBe(normalised);
    expect(createHash("sha1").update(normalizeZurl(input)).digest("hex")).toBe(digest);
  });
}

test.for([
  ["/srv/Data.fs", ""],
  ["https://x", "https"],
  ["postgres://u@h/db", "postgres"],
  ["memory://", "memory"],
  ["zconfig:///etc/zodb.conf", "zconfig"],
])("%s has no normal form", ([zurl, scheme]) => {
  expect(() => normalizeZurl(zurl ?? "")).toThrow(
    expect.objectContaining({ code: "EUNSUPPORTED", message: `can't normalize zurl with scheme ${scheme}` }),
  );
});

test("a bracket without its partner is refused", () => {
  expect(() => normalizeZurl("zeo://[::1:1234")).toThrow("Invalid IPv6 URL");
});

const zurls = fc
  .tuple(
    fc.constantFrom("file://", "zeo://", "neo://c@", "neos://c@", "neo:", "file:"),
    fc.string({
      unit: fc.constantFrom("a", "B", "/", "?", "#", "&", "=", "%", "2", "F", "+", ",", ":", "@", "é", "~"),
    }),
  )
  .map(([scheme, rest]) => scheme + rest);

// An empty host before a path that begins with two slashes is lost in Python's joining, up to 3.12: the path then is the host. That of a file stays as it
// is, unless that happens twice.
const losesItsHost = (zurl: string) => /^(?:(?:neos?|zeo):\/{4}|file:\/{6})/.test(zurl);

test("a normal form is its own normal form", () => {
  fc.assert(
    fc.property(zurls, (zurl) => {
      fc.pre(!losesItsHost(zurl));
      const once = normalizeZurl(zurl);
      expect(normalizeZurl(once)).toBe(once);
    }),
    { numRuns: 5000, examples: [["file://////"], ["file://///a"]] },
  );
});

test.runIf(havePython)("Python splits and joins URLs the same way", () => {
  const inputs = fc.sample(zurls, { numRuns: 400, seed: 7 });
  const script =
    "import sys, json; from urllib.parse import urlsplit, urlunsplit\n" +
    "print(json.dumps([urlunsplit(urlsplit(u)) for u in json.load(sys.stdin)]))";
  expect(inputs.map((url) => joinUrl(splitUrl(url)))).toEqual(pythonJson(script, { input: JSON.stringify(inputs) }));
});
