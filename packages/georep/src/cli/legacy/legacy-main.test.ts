import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makePlace } from "../../testing/recording-terminal.ts";
import { isLegacyCall } from "../interface.ts";
import type { MonitorRequest, Roles, SecondaryRequest, WorkerRequest } from "../roles.ts";

describe("the configuration of 2014", () => {
  test("is set, read and removed for a pair of peers", async () => {
    using place = makePlace();
    const conf = place.file("x.conf");
    const peers = ["file:///a", "file:///b"];
    expect(await place.call("-c", conf, "--config-set", "log-level", "DEBUG", ...peers)).toEqual({
      out: "",
      err: "",
      code: 0,
    });
    expect(await place.call("-c", conf, "--config-set", "timeout", "7", ...peers)).toMatchObject({ code: 0 });
    expect(readFileSync(conf, "utf8")).toBe(
      "[__meta__]\nversion = 2.0\n\n[__section_order__]\npeers file%3a%2f%2f%2fa file%3a%2f%2f%2fb = 0\n\n" +
        "[peers file%3A%2F%2F%2Fa file%3A%2F%2F%2Fb]\nlog_level = DEBUG\ntimeout = 7\n\n",
    );
    expect(await place.call("-c", conf, "--config-get", "log_level", ...peers)).toMatchObject({ out: "DEBUG\n" });
    expect(await place.call("-c", conf, "--config-get-all", ...peers)).toMatchObject({
      out: "log_level: DEBUG\ntimeout: 7\n",
    });
    expect(await place.call("-c", conf, "--config-get-all", "/a", "/c")).toMatchObject({ out: "" });
    expect(await place.call("-c", conf, "--config-del", "log-level", ...peers)).toMatchObject({ code: 0 });
    expect(await place.call("-c", conf, "--config-get-all", ...peers)).toMatchObject({ out: "timeout: 7\n" });
  });

  test("of patterns applies in the order of the sections, the exact pair last, templates filled in", async () => {
    using place = makePlace();
    const conf = place.file("x.conf");
    await place.call("-c", conf, "--config-set-rx", "state-file", "/s/${eSlave}/${mastervol}.status", ".", "^ssh:");
    await place.call("-c", conf, "--config-set-rx", "log-level", "INFO", ".", ".");
    await place.call("-c", conf, "--config-set-glob", "log-level", "DEBUG", "gluster:*", "*127.0.0.1*");
    const peers = [":pv", "u@127.0.0.1::sv"];
    const slave = "ssh%3A%2F%2Fu%40127.0.0.1%3Agluster%3A%2F%2F127.0.0.1%3Asv";
    expect((await place.call("-c", conf, "--config-get-all", ...peers)).out).toBe(
      `state_file: /s/${slave}/pv.status\nlog_level: DEBUG\n`,
    );
    expect((await place.call("-c", conf, "--config-get-all", "/a", "/b")).out).toBe("log_level: INFO\n");
    expect(readFileSync(conf, "utf8")).toContain("[peersrx . %5Essh%3A]");
  });

  test("of patterns takes what Python has and names, also in a file, what is no pattern", async () => {
    using place = makePlace();
    const conf = place.file("x.conf");
    const peers = ["/srv/Data", "u@127.0.0.1:/dst"];
    await place.call("-c", conf, "--config-set-rx", "timeout", "7", "(?i)/data$", "(?P<where>SSH):(?i)");
    await place.call("-c", conf, "--config-set-rx", "log-level", "DEBUG", "\\Afile:.*\\Z", String.raw`\\A|127\.0`);
    expect((await place.call("-c", conf, "--config-get-all", ...peers)).out).toBe("timeout: 7\nlog_level: DEBUG\n");
    const before = readFileSync(conf, "utf8");
    const wrong = await place.call("-c", conf, "--config-set-rx", "timeout", "8", ".", "(");
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining("'(' is no regular expression") as string });
    expect(readFileSync(conf, "utf8")).toBe(before);
    writeFileSync(conf, `${before}[peersrx . %28]\ntimeout = 9\n`);
    const read = await place.call("-c", conf, "--config-get", "timeout", ...peers);
    expect(read).toMatchObject({ code: 1, err: expect.stringContaining("'(' is no regular expression") as string });
  });

  test("knows its options", async () => {
    using place = makePlace();
    const conf = place.file("x.conf");
    expect(await place.call("-c", conf, "--config-check", "timeout")).toEqual({ out: "", err: "", code: 0 });
    expect(await place.call("-c", conf, "--config-check", "listen")).toEqual({ out: "", err: "", code: 1 });
    const set = await place.call("-c", conf, "--config-set", "listen", "1", "/a", "/b");
    expect(set).toEqual({ out: "", err: "failure: not a valid option: listen\n", code: 1 });
  });
});

test("states and statuses are written and read where the call says", async () => {
  using place = makePlace();
  const state = place.file("monitor.status");
  expect(await place.call("--state-file", state, "--create", "Created", "/a", "/b")).toMatchObject({ code: 0 });
  expect(readFileSync(state, "utf8")).toBe("Created");
  const status = await place.call("--state-file", state, "--status-get", "--path", "/a", "/a", "/b");
  expect(status.out).toContain("secondary_node: N/A\nworker_status: Created\n");
});

test("delete removes what belongs to the session and takes no name for a pattern", async () => {
  using place = makePlace();
  for (const name of ["p?.pid", "p?.pid.tmp", "px.pid", "w/1/x", "s/gsyncd.conf", "s/brick.status", "s/.hidden"]) {
    mkdirSync(place.file(name).replace(/\/[^/]*$/, ""), { recursive: true });
    writeFileSync(place.file(name), "");
  }
  const args = [
    "-c",
    place.file("s/gsyncd.conf"),
    "--pid-file",
    place.file("p?.pid"),
    "--working-dir",
    place.file("w"),
  ];
  expect(await place.call(...args, "--delete", "/a", "/b")).toEqual({ out: "", err: "", code: 0 });
  const left = ["p?.pid", "p?.pid.tmp", "w", "s/gsyncd.conf", "s/brick.status"].filter((name) =>
    existsSync(place.file(name)),
  );
  expect(left).toEqual([]);
  expect(["px.pid", "s/.hidden"].every((name) => existsSync(place.file(name)))).toBe(true);
  mkdirSync(place.file("s/folder"));
  expect(await place.call(...args, "--delete", "/a", "/b")).toMatchObject({
    code: 1,
    err: expect.stringContaining(`failure: Unlink error: ${place.file("s/folder")}`) as string,
  });
});

test("urls are printed in each of their forms", async () => {
  using place = makePlace();
  const escaped = await place.call("--canonicalize-escape-url", "file:///a b".replace(" ", "%20"), ":v");
  expect(escaped.out).toBe("file%3A%2F%2F%2Fa%2520b\ngluster%3A%2F%2F127.0.0.1%3Av\n");
  expect((await place.call("--normalize-url", "/a//b/")).out).toBe("file:///a/b\n");
});

describe("roles of 2014", () => {
  function recorder(): { roles: Roles; requests: (MonitorRequest | WorkerRequest | SecondaryRequest)[] } {
    const requests: (MonitorRequest | WorkerRequest | SecondaryRequest)[] = [];
    const take = (code: number) => (request: MonitorRequest | WorkerRequest | SecondaryRequest) => {
      requests.push(request);
      return Promise.resolve(code);
    };
    return { roles: { monitor: take(11), worker: take(12), secondary: take(13) }, requests };
  }

  test.each([
    [["--monitor", "-N", "--turns", "1", ":v", "127.0.0.1::w"], 11],
    [["-N", "/a", "/b"], 12],
    [["/a", "/b"], 12],
    [["--listen", "/a"], 13],
  ])("%j ends as its role does", async (argv, code) => {
    const { roles, requests } = recorder();
    using place = makePlace({}, roles);
    expect((await place.call(...argv)).code).toBe(code);
    expect(requests).toHaveLength(1);
  });

  test("options come in the words of today", async () => {
    const { roles, requests } = recorder();
    using place = makePlace({}, roles);
    const command = ["-s", "ssh -i /k -p 7", "--timeout", "5", "--use-tarssh", "--ignore-deletes", "-L", "debug"];
    await place.call("-N", ...command, "--pid-file", "/p", "/a", "u@127.0.0.1:/b");
    const [request] = requests;
    const config = request?.config.current();
    const names = [
      "ssh-command",
      "ssh-options",
      "secondary-timeout",
      "sync-method",
      "ignore-deletes",
      "log-level",
      "pid-file",
    ];
    expect(names.map((name) => config?.text(name))).toEqual([
      "ssh",
      "-i /k -p 7",
      "5",
      "tarssh",
      "true",
      "DEBUG",
      "/p",
    ]);
    expect(request).toMatchObject({
      foreground: true,
      primary: { scheme: "file", path: "/a" },
      secondary: { scheme: "ssh", user: "u", host: "127.0.0.1" },
    });
  });

  test("a pair that cannot work together is refused", async () => {
    using place = makePlace();
    expect(await place.call("-N", "/a", ":v")).toEqual({
      out: "",
      err: "failure: /a cannot work with localhost:v\n",
      code: 1,
    });
    expect((await place.call("-N", "h:/a", "/b")).code).toBe(1);
    expect(await place.call("-N", "-L", "loud", "/a", "/b")).toMatchObject({
      err: 'failure: cannot recognize log level "loud"\n',
    });
  });

  test("restricted calls may only listen, from networks that are allowed", async () => {
    const { roles } = recorder();
    using place = makePlace({ _GSYNCD_RESTRICTED_: "1", SSH_CONNECTION: "10.1.2.3 5 10.0.0.1 22" }, roles);
    expect((await place.call("--listen", "--timeout", "7", "-N", "/a")).code).toBe(13);
    expect((await place.call("-N", "/a", "/b")).err).toContain("tunable listen is not set to value True");
    expect((await place.call("--listen", "--rsync-command", "/bin/sh", "/a")).err).toContain(
      "cannot be set with restricted",
    );
    const conf = place.file("x.conf");
    for (const [networks, code] of [
      ["10.0.0.0/8", 13],
      ["192.168.0.0/16,10.1.2.3", 13],
      ["192.168.0.0/16", 1],
      ["rubbish", 1],
    ] as const) {
      writeFileSync(conf, `[__meta__]\nversion = 2.0\n[peersrx .]\nallow_network = ${networks}\n`);
      expect((await place.call("-c", conf, "--listen", "/a")).code).toBe(code);
    }
  });
});

test.each([
  [["--config-check", "x"], false],
  [["-c", "/var/lib/glusterd/geo-replication/a_b_c/gsyncd.conf", "--config-get", "x", ":a", "b::c"], false],
  [["-c", "/var/lib/glusterd/geo-replication/gsyncd_template.conf", "--config-set-rx", "a", "b", "."], false],
  [["--monitor", "-c", "/x/geo-replication/a/gsyncd.conf", "--iprefix=/var", ":a", "--glusterd-uuid=u", "b::c"], false],
  [["config-get", "a", "b::c", "-c", "/tmp/nowhere.conf"], false],
  [["--inet6", "config-get", "a", "b::c"], false],
  [["--delete", "--path-list=--path=/a ", ":a", "b::c"], false],
  [["-c", "/tmp/no-such-file.conf", "--config-set-rx", "a", "b", "."], true],
  [["--config-set-glob", "a", "b", "*"], true],
  [["--listen", ":v"], true],
  [["--lis", ":v"], true],
  [["/a", "h:/b"], true],
  [["--value=x", "-c", "/tmp/no-such-file.conf", "--config-set", "a", ":a", "b::c"], false],
  [["bogus"], false],
  [[], false],
])("whether %j is a call of 2014: %s", (argv, yes) => {
  expect(isLegacyCall(argv)).toBe(yes);
});

test("a host that does not resolve is named", async () => {
  using place = makePlace();
  const { err, code } = await place.call("-N", ":v", "no-such-host.invalid::w");
  expect({ err: err.split("\n")[0], code }).toEqual({
    err: expect.stringMatching(/^failure: failed to resolve no-such-host\.invalid: /) as string,
    code: 1,
  });
});
