import { describe, expect, test } from "vitest";
import { makePlace } from "../../testing/recording-terminal.ts";
import { checkNetwork } from "./allow-network.ts";
import { allowSshCall } from "./ssh-call.ts";
import { sshRequestOf } from "./run-ssh-call.ts";

const config = { text: () => "/usr/sbin" };
const secondary =
  "/nonexistent/gsyncd secondary pv root@h::sv --primary-node n --primary-node-id 6f9c9a2a-1111-2222-3333-444455556666 --primary-brick /b " +
  "--local-node l --local-node-id 6f9c9a2a-1111-2222-3333-444455556667 --secondary-timeout 120 --secondary-log-level INFO " +
  "--secondary-gluster-log-level INFO --secondary-gluster-command-dir /usr/sbin --primary-dist-count 1";

describe("a key for replication may", () => {
  test.each([
    secondary,
    "gsyncd --version",
    "gsyncd --session-owner u -N --listen --timeout 120 file:///d",
    "gluster --xml --remote-host=localhost volume info sv",
    "/usr/sbin/gluster volume info",
    "gluster --version",
  ])("run %s", (command) => {
    expect(allowSshCall(command, {}, config, undefined)).toBeDefined();
  });

  test.each([
    ["ls", "invoking ls in restricted SSH session is not allowed"],
    ["l\u001b[2J\ns", "invoking l?[2J?s in restricted SSH session is not allowed"],
    ["x".repeat(100_000), /^invoking x{200,300}…$/],
    ["sh -c gsyncd", "invoking sh in"],
    ["gluster", "disallowed gluster invocation"],
    ["gluster --xml", "disallowed gluster invocation"],
    ["gluster --log-file=/etc/x volume info", "disallowed gluster invocation"],
    ["gluster volume stop v", "disallowed gluster invocation"],
    ["gluster volume info a b", "disallowed gluster invocation"],
    ["rsync --server . /", "disallowed rsync invocation"],
    ["rsync --server -IlSe.LsfxCIvu . /d/.belay-georep/x/stage/", "disallowed rsync invocation"],
    ["rsync --server -ISe.LsfxCIvu . /d/.belay-georep/x/stage/", "disallowed rsync invocation"],
    ["tar -xf - -C /", "disallowed tar invocation"],
    ["tar -cf - /etc", "disallowed tar invocation"],
    ["rsync --server --daemon . /proc/1/cwd", "disallowed rsync invocation"],
    ["rsync --server -s . /proc/self/cwd", "disallowed rsync invocation"],
    ["gsyncd delete /../../../../tmp/x y::z", "only secondary may be run"],
    ["gsyncd config-set p h::s -n rsync-command -v /bin/sh", "only secondary may be run"],
    ["gsyncd monitor p h::s", "only secondary may be run"],
    ["gsyncd --monitor -c /x :p h::s", "-c may not be given"],
    ["gsyncd secondary p h::s --config-file=/tmp/x", "-c may not be given"],
    ["gsyncd secondary p h::s --conf /tmp/x", "-c may not be given"],
    ["gsyncd secondary p h::s --secondary-gluster-command-dir /tmp", "secondary-gluster-command-dir may not be '/tmp'"],
    ["gsyncd secondary p h::s --secondary-log-level LOUD", "secondary-log-level may not be"],
    ["gsyncd secondary p h::s --primary-brick ../x", "primary-brick may not be"],
    ["gsyncd secondary ../p h::s", "primary may not be"],
    ["gsyncd secondary p h::s --copy-from-parent", "copy-from-parent may not be given"],
    ["gsyncd secondary p h::s --copy-from-p", "copy-from-parent may not be given"],
    ["gsyncd --listen --rsync-command /bin/sh /a", "cannot be set with restricted"],
    ["gsyncd --turns 1 /a /b", "cannot be set with restricted"],
  ])("not run %s", (command, problem) => {
    expect(() => allowSshCall(command, {}, config, undefined)).toThrow(problem);
  });

  test("be for one session only", () => {
    const owned = (id: string) => `${secondary} --session-owner ${id}`;
    expect(allowSshCall(owned("me"), {}, config, "me")).toMatchObject({ kind: "gsyncd" });
    expect(() => allowSshCall(owned("you"), {}, config, "me")).toThrow("another session");
    expect(() => allowSshCall(secondary, {}, config, "me")).toThrow("another session");
  });
});

test.each([
  ["10.0.0.0/8", "10.1.2.3 1 2 3", true],
  ["10.0.0.0/8", "11.1.2.3 1 2 3", false],
  ["10.1.2.3, fd00::/8", "fd12::1 1 2 3", true],
  ["10.1.2.3", "::ffff:10.1.2.3 1 2 3", true],
  ["10.1.2.3", undefined, false],
  ["10.1.2.3/33", "10.1.2.3 1", false],
  ["nonsense", "10.1.2.3 1", false],
  ["", undefined, true],
])("networks %s, client %s: %s", (networks, connection, allowed) => {
  const check = () => checkNetwork(networks, connection === undefined ? {} : { SSH_CONNECTION: connection });
  if (allowed) expect(check).not.toThrow();
  else expect(check).toThrow();
});

test.each([
  [[], { SSH_ORIGINAL_COMMAND: "ls" }, "ls"],
  [[], { SSH_ORIGINAL_COMMAND: "" }, ""],
  [["-c", "ls"], { SHELL: "/usr/sbin/gsyncd" }, "ls"],
  [["-c", "ls"], { SHELL: "/bin/sh" }, undefined],
  [[], { SSH_ORIGINAL_COMMAND: "ls", _GLUSTERD_CALLED_: "1" }, undefined],
  [[], { SSH_ORIGINAL_COMMAND: "ls", _GLUSTERD_CALLED_: "yes" }, "ls"],
  [[], { SSH_ORIGINAL_COMMAND: "ls", _GSYNCD_DISPATCHED_: "" }, undefined],
])("the command of %j with %j is %s", (argv, env, command) => {
  expect(sshRequestOf(argv, env)?.command).toBe(command);
});

test("a key that is restricted gives no shell", async () => {
  using place = makePlace({ _GLUSTERD_CALLED_: undefined });
  const ended = await place.call("--only-session=me", "--only-root=/srv");
  expect(ended).toEqual({
    out: "",
    err: expect.stringMatching(/^this key is for replication: .*\n$/) as string,
    code: 1,
  });
});

test("refusals end with 1 and say what was refused, an empty command says nothing", async () => {
  const around = { _GLUSTERD_CALLED_: undefined };
  for (const [command, err] of [
    ["ls", "invoking ls in restricted SSH session is not allowed\n"],
    ["", ""],
    ["gsyncd config-get p h::s", "disallowed gsyncd invocation: only secondary may be run\n"],
  ] as const) {
    using place = makePlace({ ...around, SSH_ORIGINAL_COMMAND: command });
    expect(await place.call()).toEqual({ out: "", err, code: 1 });
    expect((await place.call("--version")).out).toBe("gsyncd.py 4.0.0\n");
  }
});

test.each(["--only-roots=/srv", "--only-root=", "--only-session"])("a key with %s lets nobody in", async (word) => {
  using place = makePlace({ _GLUSTERD_CALLED_: undefined, SSH_ORIGINAL_COMMAND: "gsyncd --version" });
  expect(await place.call(word)).toEqual({ out: "", err: `'${word}' is no restriction of a key\n`, code: 1 });
});

test("a call of somebody at this machine for one value is none of a key's", async () => {
  using place = makePlace({ _GLUSTERD_CALLED_: "" });
  const call = ["config-get", "pv", "h::sv", "--name", "sync-jobs", "--show-defaults", "--only-value"];
  expect(await place.call(...call)).toEqual({ out: "3\n", err: "", code: 0 });
});
