import { userInfo } from "node:os";
import { describe, expect, test } from "vitest";
import { escapedUrl, escapeUrl, formatResource } from "./format.ts";
import { parseEscapable, parseResource } from "./parse.ts";
import { canConnect } from "./resource.ts";

const me = userInfo().username;

describe("forms of a resource", () => {
  test.each([
    [":pop", "gluster://localhost:pop", "gluster://127.0.0.1:pop"],
    ["localhost:vol", "gluster://localhost:vol", "gluster://127.0.0.1:vol"],
    ["localhost::vol", "ssh://localhost::vol", `ssh://${me}@127.0.0.1:gluster://127.0.0.1:vol`],
    ["u@127.0.0.1:/d/e", "ssh://u@127.0.0.1:/d/e", "ssh://u@127.0.0.1:file:///d/e"],
    ["u@127.0.0.1:vol", "ssh://u@127.0.0.1:vol", undefined],
    ["/a//b/", "file:///a/b", "file:///a/b"],
    ["//a/./b/../c", "file:///a/c", "file:///a/c"],
    ["file:///a//b/", "file:///a//b/", "file:///a//b/"],
    ["FILE:///a", "file:///a", "file:///a"],
    ["ssh://root@127.0.0.1:file:///x:y", "ssh://root@127.0.0.1:file:///x:y", "ssh://root@127.0.0.1:file:///x:y"],
  ])("%s", async (text, normal, canonical) => {
    if (canonical === undefined) return expect(() => parseResource(text)).toThrow("cannot resolve sugared url 'vol'");
    const resource = parseResource(text);
    expect(await formatResource(resource, "normal")).toBe(normal);
    expect(await formatResource(resource, "canonical")).toBe(canonical);
    expect(await formatResource(resource, "canonical-escaped")).toBe(escapeUrl(canonical));
  });

  test("escaping is that of query strings", () => {
    expect(escapeUrl("gluster://127.0.0.1:pop")).toBe("gluster%3A%2F%2F127.0.0.1%3Apop");
    expect(escapeUrl("a b~é+")).toBe("a+b~%C3%A9%2B");
  });
});

describe("what is no resource", () => {
  test.each([
    ["relative/path", "cannot resolve sugared url"],
    ["", "cannot resolve sugared url"],
    ["file://relative", "malformed path"],
    ["H:vol", "malformed path"],
    ["gluster://host", "malformed path"],
    ["ssh://host", "malformed path"],
    ["http://host/x", "unknown url scheme http"],
    ["constructor://host/x", "unknown url scheme constructor"],
    ["/a b", "malformed url"],
    ["/a*", "malformed url"],
  ])("%j", (text, problem) => {
    expect(() => parseResource(text)).toThrow(problem);
  });

  test("a host that does not exist is named", async () => {
    const resource = parseResource("no-such-host.invalid:vol");
    await expect(formatResource(resource, "canonical")).rejects.toMatchObject({
      code: "ERESOLVE",
      message: expect.stringMatching(/^failed to resolve no-such-host\.invalid: /) as string,
    });
  });
});

describe("who can replicate to whom", () => {
  test.each([
    ["/a", "/b", true],
    ["/a", "h:/b", true],
    ["/a", ":v", false],
    ["/a", undefined, true],
    [":v", "/b", true],
    [":v", "h::w", true],
    ["h:/a", "/b", false],
    ["h:/a", undefined, false],
  ])("%s to %s: %s", (local, remote, possible) => {
    expect(canConnect(parseResource(local), remote === undefined ? undefined : parseResource(remote))).toBe(possible);
  });
});

describe("the escaped form names every path", () => {
  test.each(["/a b", "/*?[x]", "/a+b%20", "/x:y", "/new\nline", "/ä€"])("%j", (path) => {
    const file = { scheme: "file", body: path, path } as const;
    const ssh = { scheme: "ssh", body: `u@host:file://${path}`, user: "u", host: "host", inner: file } as const;
    for (const resource of [file, ssh]) {
      expect(escapedUrl(resource)).toMatch(/^[\w.~%+-]+$/);
      expect(parseEscapable(escapedUrl(resource))).toEqual(resource);
    }
  });

  test("other forms are read as ever", () => {
    expect(parseEscapable("u@host:/dst")).toEqual(parseResource("u@host:/dst"));
    expect(parseEscapable("file:///a%20b")).toMatchObject({ path: "/a%20b" });
    for (const wrong of ["file%3A%2F%2F%", "file%3A%2F%2Frelative", "x%3A%2F%2F/a", "file%3A%2F%2F%2Fa%00b"])
      expect(() => parseEscapable(wrong)).toThrow(expect.objectContaining({ code: "EURL" }));
  });
});
