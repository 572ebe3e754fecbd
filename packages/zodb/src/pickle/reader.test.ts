import fc from "fast-check";
import { expect, test } from "vitest";
import { ZodbError } from "../errors/zodb-error.ts";
import { havePython, pythonJson } from "../testing/python.ts";
import { decodePickle } from "./reader.ts";
import { describe, DESCRIBE_PY, values } from "./testing.ts";
import { encodePickle } from "./writer.ts";

const p = (text: string): Buffer => Buffer.from(text, "latin1");

test.each([
  ["I00\n.", false],
  ["I01\n.", true],
  ["I1099511627776\n.", ["int", "1099511627776"]],
  ["L-123456789012345678901L\n.", ["int", "-123456789012345678901"]],
  ["J\xfe\xff\xff\xff.", ["int", "-2"]],
  ["\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f.", ["int", "9223372036854775807"]],
  ["\x8a\x01\xff.", ["int", "-1"]],
  ["\x8a\x00.", ["int", "0"]],
  ["\x8b\x02\x00\x00\x00\x00\x80.", ["int", "-32768"]],
  ["F1\n.", ["float", "3ff0000000000000"]],
  ["F-inf\n.", ["float", "fff0000000000000"]],
  ["S'a\\x00\\xff\\n\\'\\\\'\np0\n.", ["bytestring", "6100ff0a275c"]],
  ['S"it\'s"\n.', ["bytestring", "69742773"]],
  ["U\x02a\xff.", ["bytestring", "61ff"]],
  ["T\x02\x00\x00\x00a\xff.", ["bytestring", "61ff"]],
  ["V\\u20ac\xe9\n.", ["text", "ac20e900"]],
  ["X\x03\x00\x00\x00\xed\xb3\xbf.", ["text", "ffdc"]],
  [
    "(lp0\nI1\naI2\na.",
    [
      "list",
      [
        ["int", "1"],
        ["int", "2"],
      ],
    ],
  ],
  [
    "(dp0\nS'k'\nI1\ns.",
    [
      "dict",
      [
        [
          ["bytestring", "6b"],
          ["int", "1"],
        ],
      ],
    ],
  ],
  [
    "(I1\nI2\nt.",
    [
      "tuple",
      [
        ["int", "1"],
        ["int", "2"],
      ],
    ],
  ],
  [
    "(I1\n0I3\nI4\nt.",
    [
      "tuple",
      [
        ["int", "3"],
        ["int", "4"],
      ],
    ],
  ],
  ["(K\x01(K\x02K\x031t.", ["tuple", [["int", "1"]]]],
  ["K\x05q\x000h\x00.", ["int", "5"]],
  [
    "K\x052\x86.",
    [
      "tuple",
      [
        ["int", "5"],
        ["int", "5"],
      ],
    ],
  ],
  [
    "(c_codecs\nencode\n0c_codecs\nencode\n(X\x03\x00\x00\x00q\xc3\xbfX\x06\x00\x00\x00latin1tRt.",
    ["tuple", [["bytes", "71ff"]]],
  ],
  ["c__builtin__\nbytes\n)R.", ["bytes", ""]],
  [
    "(cm\nA\nc__builtin__\nobject\nN0001ccopy_reg\n_reconstructor\n(cm\nA\nc__builtin__\nobject\nNtRK\x01b.",
    ["object", "new", ["global", "m", "A"], ["tuple", []], ["int", "1"], null, null],
  ],
  ["(im\nA\nK\x01b.", ["object", "call", ["global", "m", "A"], ["tuple", []], ["int", "1"], null, null]],
  ["(cm\nA\nK\x01o.", ["object", "call", ["global", "m", "A"], ["tuple", [["int", "1"]]], null, null, null]],
  [
    "\x80\x02cm\nD\n)\x81K\x01K\x02sK\x03a.",
    [
      "object",
      "new",
      ["global", "m", "D"],
      ["tuple", []],
      null,
      [["int", "3"]],
      [
        [
          ["int", "1"],
          ["int", "2"],
        ],
      ],
    ],
  ],
  [
    "cos\nsystem\n(S'true'\ntR.",
    ["object", "call", ["global", "os", "system"], ["tuple", [["bytestring", "74727565"]]], null, null, null],
  ],
  ["\x80\x03C\x08\0\0\0\0\0\0\x01\x00cm\nC\n\x86Q.", ["ref", "strong", "256", "m.C"]],
  ["U\x08\xff\0\0\0\0\0\0\x01Q.", ["ref", "strong", 0xff00000000000001n.toString(), null]],
  ["U\x08\0\0\0\0\0\0\0\x01(U\x01mU\x01Ct\x86Q.", ["ref", "strong", "1", "m.C"]],
  ["]X\x01\0\0\0waC\x08\0\0\0\0\0\0\0\x02\x85aQ.", ["ref", "weak", "2", null]],
  ["]U\x08\0\0\0\0\0\0\0\x02aQ.", ["ref", "weak", "2", null]],
  ["](U\x01m(U\x02dbU\x08\0\0\0\0\0\0\0\x02cm\nC\nteQ.", ["ref", "foreign", "2", "m.C"]],
])("the pickle %j is understood", (pickle, expected) => {
  expect(describe(decodePickle(p(pickle)))).toEqual(expected);
});

test.each([
  ["", "EDAMAGED"],
  [".", "EDAMAGED"],
  ["K", "EDAMAGED"],
  ["K\x01", "EDAMAGED"],
  ["B\xff\xff\xff\xffabc.", "EDAMAGED"],
  ["T\xff\xff\xff\x7fabc.", "EDAMAGED"],
  ["\x8b\xff\xff\xff\x7f\x00.", "EDAMAGED"],
  ["K\x01r\xff\xff\xff\xff.", "EDAMAGED"],
  ["K\x01p4294967295\n.", "EDAMAGED"],
  ["h\x00.", "EDAMAGED"],
  ["t.", "EDAMAGED"],
  ["(K\x01\x86.", "EDAMAGED"],
  ["K\x01K\x02a.", "EDAMAGED"],
  ["(K\x01d.", "EDAMAGED"],
  ["C\x02abQ.", "EDAMAGED"],
  ["K\x01K\x02b.", "EDAMAGED"],
  ["X\x01\x00\x00\x00\xff.", "EDAMAGED"],
  ["I12x\n.", "EDAMAGED"],
  ["\xff.", "EDAMAGED"],
  ["Pab\n.", "EUNSUPPORTED"],
  ["\x82\x01.", "EUNSUPPORTED"],
  ["\x80\x04K\x01.", "EUNSUPPORTED"],
  ["\x8c\x01a.", "EUNSUPPORTED"],
])("the pickle %j is refused with %s", (pickle, code) => {
  expect(() => decodePickle(p(pickle))).toThrow(expect.objectContaining({ code }));
});

test("damaged pickles of any kind give an error and nothing else", () => {
  const damage = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.boolean() });
  fc.assert(
    fc.property(values(true), fc.array(damage, { minLength: 1, maxLength: 5 }), (value, damages) => {
      let pickle = encodePickle(value);
      for (const { at, byte, cut } of damages) {
        const place = at % (pickle.length + 1);
        if (cut) pickle = pickle.subarray(0, place);
        else if (place < pickle.length) pickle[place] = byte;
      }
      expectValueOrRefusal(pickle);
    }),
    { numRuns: 3000 },
  );
});

test("random bytes give an error or a value", () => {
  const opcode = fc.constantFrom(
    ...Array.from(
      Buffer.from("(.0123FGIJKLMNPQRSTUVXabcdeghijlopqrstu])}CB\x80\x81\x85\x86\x87\x88\x8a\x8b\n\0", "latin1"),
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 6, arbitrary: opcode }, fc.nat(255)), { maxLength: 200 }), (bytes) =>
      expectValueOrRefusal(Buffer.from(bytes)),
    ),
    { numRuns: 5000 },
  );
});

function expectValueOrRefusal(pickle: Buffer): void {
  try {
    decodePickle(pickle);
  } catch (error) {
    expect(error).toBeInstanceOf(ZodbError);
    expect((error as ZodbError).code).toMatch(/^(EDAMAGED|EUNSUPPORTED)$/);
  }
}

test("deep nesting takes no stack", () => {
  const deep = Buffer.concat([Buffer.alloc(200_000, ")"), Buffer.alloc(100_000, "\x85", "latin1"), p(".")]);
  expect(Array.isArray(decodePickle(deep))).toBe(true);
});

test.runIf(havePython)("whatever Python pickles, in every protocol, is read as the same value", () => {
  const script = `${DESCRIBE_PY}
import random, zodbpickle
from zodbpickle import pickle
rnd = random.Random(7)
def value(depth):
    kind = rnd.randrange(7 if depth == 0 else 10)
    if kind == 0: return rnd.choice([None, True, False, 0, 255, 256, 65535, 65536, -1, 2**31, -2**31, 2**53, 2**63, -2**63, 10**30, -10**400])
    if kind == 1: return rnd.randrange(-2**rnd.randrange(1, 80), 2**rnd.randrange(1, 80))
    if kind == 2: return rnd.choice([0.0, -0.0, 1.0, 1.5, float("inf"), 1e-310, rnd.random()])
    if kind in (3, 4): return "".join(chr(rnd.choice([10, 39, 92, 65, 255, 0x20ac, 0xd800, 0x1f600])) for _ in range(rnd.randrange(5)))
    if kind in (5, 6): return zodbpickle.binary(rnd.randbytes(rnd.choice([0, 3, 255, 256, 300]))) if rnd.random() < .5 else rnd.randbytes(rnd.choice([0, 3, 300]))
    n = rnd.choice([0, 1, 2, 3, 4, 9])
    if kind == 7: return tuple(value(depth - 1) for _ in range(n))
    if kind == 8: return [value(depth - 1) for _ in range(n)]
    return {"k%d" % i: value(depth - 1) for i in range(n)}
out = []
for i in range(400):
    v = [value(4), value(4)]; v.append(v[0])
    for protocol in range(4):
        out.append([pickle.dumps(v, protocol).hex(), describe(v)])
print(json.dumps(out))`;
  const cases = pythonJson(script) as [string, unknown][];
  expect(cases.length).toBe(1600);
  for (const [hex, expected] of cases) expect(describe(decodePickle(Buffer.from(hex, "hex")))).toEqual(expected);
});
