import { expect, test } from "vitest";
import { parseCommandLine } from "./options.ts";

function parse(...args: string[]) {
  return parseCommandLine(["wcfs", ...args]);
}

test("without flags the defaults hold", () => {
  expect(parse("file:///a.fs", "/mnt").options).toMatchObject({
    zurl: "file:///a.fs",
    mountpoint: "/mnt",
    debug: false,
    pinTimeout: 30_000,
    log: { toStderr: false, stderrThreshold: "ERROR", directory: "", verbosity: 0 },
  });
});

test("flags are read with one dash or two, with = or a space", () => {
  const line = parse(
    "-debug",
    "--logtostderr=true",
    "-pintimeout",
    "3.0s",
    "-v=2",
    "-stderrthreshold",
    "warning",
    "z",
    "m",
  );
  expect(line.options).toMatchObject({
    zurl: "z",
    debug: true,
    pinTimeout: 3_000,
    log: { toStderr: true, verbosity: 2, stderrThreshold: "WARNING" },
  });
});

test("the first argument that is no flag ends them", () => {
  expect(parse("z", "-debug").options).toMatchObject({ zurl: "z", mountpoint: "-debug", debug: false });
  expect(parse("--", "-debug", "m").options).toMatchObject({ zurl: "-debug", debug: false });
});

test("a boolean takes no separate value", () => {
  expect(parse("-debug", "true", "m").options).toMatchObject({ zurl: "true", mountpoint: "m", debug: true });
});

test.each([[[]], [["z"]], [["z", "m", "x"]]])("%j is answered with the usage and status 2", (args) => {
  expect(parse(...args)).toEqual({ options: undefined, stderr: "Usage: wcfs [OPTIONS] zurl mntpt\n", status: 2 });
});

test.each([
  [["-nope", "z", "m"], "flag provided but not defined: -nope"],
  [["-debug=maybe", "z", "m"], 'invalid boolean value "maybe" for -debug: parse error'],
  [["-pintimeout", "soon", "z", "m"], 'invalid value "soon" for flag -pintimeout: parse error'],
  [["-pinpolicy", "spare", "z", "m"], 'invalid value "spare" for flag -pinpolicy: parse error'],
  [["-pintimeout"], "flag needs an argument: -pintimeout"],
  [["---debug", "z", "m"], "bad flag syntax: ---debug"],
  [["-=x", "z", "m"], "bad flag syntax: -=x"],
  [["-constructor", "z", "m"], "flag provided but not defined: -constructor"],
])("%j is refused with status 2, the reason and the list of options", (args, message) => {
  const line = parse(...args);
  expect(line).toMatchObject({ status: 2 });
  expect((line as { stderr: string }).stderr.split("\n")[0]).toBe(message);
  expect((line as { stderr: string }).stderr).toContain("  -pintimeout duration\n");
});

test.each(["-h", "--help"])("%s lists the options and ends well", (flag) => {
  expect(parse(flag)).toMatchObject({ status: 0, stderr: expect.stringContaining("-autoexit") as string });
});

test("a pin timeout of zero or less is taken", () => {
  expect(parse("-pintimeout", "0", "z", "m").options).toMatchObject({ pinTimeout: 0 });
  expect(parse("-pintimeout=-1s", "z", "m").options).toMatchObject({ pinTimeout: -1_000 });
});
