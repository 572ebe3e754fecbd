import { homedir } from "node:os";
import { describe, expect, test } from "vitest";
import { endText, parseEnd, parseEnds, pathOf, shortEnd } from "./ends.ts";

describe("a place as people type it", () => {
  test.each([
    ["src", "file:///w/src"],
    ["./src/", "file:///w/src"],
    ["../a b", "file:///a b"],
    ["/a//b/./c/../d/", "file:///a/b/d"],
    ["/with:colon", "file:///with:colon"],
    ["./a:b", "file:///w/a:b"],
    ["file:///a//b/", "file:///a/b"],
    ["FILE:///x*?[y]", "file:///x*?[y]"],
    ["~/x", `file://${homedir()}/x`],
    ["host:/dst", "ssh://host:file:///dst"],
    ["u@HOST:/dst//x/", "ssh://u@host:file:///dst/x"],
    ["u@host:file:///dst", "ssh://u@host:file:///dst"],
    ["ssh://u@host:/dst", "ssh://u@host:file:///dst"],
    ["ssh://u@host:file:///a b:c", "ssh://u@host:file:///a b:c"],
  ])("%s is %s", (text, url) => {
    const end = parseEnd(text, "/w");
    expect(endText(end)).toBe(url);
    expect(endText(parseEnd(url, "/elsewhere"))).toBe(url);
    expect(pathOf(end)).toBe(url.replace(/^.*:\/\/(?=\/)/, ""));
    expect(endText(parseEnd(shortEnd(end), "/elsewhere"))).toBe(url);
  });

  test.each([
    ["", "EURL", "a directory here"],
    ["file://x", "EURL", "a directory here"],
    ["host:dst", "EURL", "begin with a slash"],
    ["host:~/dst", "EURL", "begin with a slash"],
    ["ssh://host/dst", "EURL", "colon comes after the host"],
    ["ssh://host:22/dst", "EURL", "--ssh-port"],
    ["http://host/x", "EURL", "a directory here"],
    ["host::vol", "ENOTYET", "replicate a directory"],
    [":vol", "ENOTYET", "replicate a directory"],
    ["gluster://h:vol", "ENOTYET", "replicate a directory"],
  ])("%j is refused, and it is said what to write", (text, code, hint) => {
    let error: unknown;
    try {
      parseEnd(text, "/");
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code, hint: expect.stringContaining(hint) as string });
  });

  test("a source is on this machine", () => {
    expect(() => parseEnds("h:/a", "/b", "/")).toThrow("has to be on this machine");
  });
});

test("a path that is no UTF-8, which arrives here as something else, is refused", () => {
  expect(() => parseEnds("/src", "d\ufffd", "/")).toThrow(expect.objectContaining({ code: "EURL" }));
});
