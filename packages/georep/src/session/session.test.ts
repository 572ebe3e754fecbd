import { describe, expect, test } from "vitest";
import { parseResource } from "../url/parse.ts";
import { isSessionPath, placesOf, sessionConfigPath } from "./places.ts";
import { parseSession, secondaryText, sessionBetween, sessionFolder } from "./session.ts";

describe("a session", () => {
  test.each([
    ["pv", "sh.example::sv", "pv_sh.example_sv", "sh.example::sv"],
    ["pv", "u@sh::sv", "pv_sh_sv", "u@sh::sv"],
  ])("%s %s has the folder %s", (primary, secondary, folder, text) => {
    const session = parseSession(primary, secondary);
    expect(sessionFolder(session)).toBe(folder);
    expect(secondaryText(session)).toBe(text);
  });

  test.each([
    ["/../../../../tmp/x", "y::z", "%2F..%2F..%2F..%2F..%2Ftmp%2Fx_y_z"],
    ["..", "y::../z", ".._y_..%2Fz"],
    ["a%2Fb", "y::z\n", "a%252Fb_y_z%0A"],
  ])("of hostile names stays inside the folder of sessions: %s %s", (primary, secondary, folder) => {
    const session = parseSession(primary, secondary);
    expect(sessionFolder(session)).toBe(folder);
    expect(sessionConfigPath(placesOf({}), session)).toBe(`/var/lib/glusterd/geo-replication/${folder}/gsyncd.conf`);
  });

  test.each([
    ["pv", "host"],
    ["pv", "a::b::c"],
    ["pv", "a@b@c::v"],
    ["pv", "::v"],
    ["pv", "h::"],
    ["", "h::v"],
  ])("is refused when written otherwise: '%s' '%s'", (primary, secondary) => {
    expect(() => parseSession(primary, secondary)).toThrow("are no session");
  });

  test.each([
    [":pv", "u@h::sv", "pv_h_sv"],
    ["/a/b", "/c", "%2Fa%2Fb_localhost_%2Fc"],
    ["/a", "u@h:/c", "%2Fa_h_%2Fc"],
    ["/a", undefined, "%2Fa_localhost_%2Fa"],
  ])("between %s and %s has the folder %s", (local, remote, folder) => {
    const target = remote === undefined ? undefined : parseResource(remote);
    expect(sessionFolder(sessionBetween(parseResource(local), target))).toBe(folder);
  });
});

test.each([
  ["/var/lib/glusterd/geo-replication/pv_h_sv/gsyncd.conf", true],
  ["/var/lib/glusterd/geo-replication/gsyncd_template.conf", true],
  ["/srv/gluster/geo-replication/x/gsyncd.conf", true],
  ["/etc/glusterfs/gsyncd.conf", false],
  ["/tmp/geo-replication/a/b/gsyncd.conf", false],
])("whether %s is a session's file: %s", (path, yes) => {
  expect(isSessionPath(path)).toBe(yes);
});
