import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lgetxattr, lsetxattr } from "@belay/linux";
import { makePlace } from "../testing/recording-terminal.ts";
import type { MonitorRequest, Roles, SecondaryRequest, WorkerRequest } from "./roles.ts";

function recorder(): { roles: Roles; requests: (MonitorRequest | WorkerRequest | SecondaryRequest)[] } {
  const requests: (MonitorRequest | WorkerRequest | SecondaryRequest)[] = [];
  const take = (code: number) => (request: MonitorRequest | WorkerRequest | SecondaryRequest) => {
    requests.push(request);
    return Promise.resolve(code);
  };
  return { roles: { monitor: take(11), worker: take(12), secondary: take(13) }, requests };
}

describe("roles", () => {
  test("glusterd's call for a monitor keeps what it says about pausing", async () => {
    const { roles, requests } = recorder();
    using place = makePlace({}, roles);
    const call = ["--path=/a --path=/b ", "--monitor", "-c", place.file("x/gsyncd.conf"), "--iprefix=/var", ":pv"];
    const secondary = "ssh://root@h::sv:6f9c9a2a-1111-2222-3333-444455556666";
    expect((await place.call("--inet6", ...call, "--glusterd-uuid=U", secondary, "--pause-on-start")).code).toBe(11);
    expect(requests[0]).toMatchObject({
      session: { primary: "pv", user: "root", host: "h", volume: "sv" },
      pauseOnStart: true,
      localNodeId: "U",
      foreground: false,
      inet6: true,
    });
  });

  test("a worker knows its brick in the names of its logs", async () => {
    const { roles, requests } = recorder();
    using place = makePlace({}, roles);
    const call = [
      "--feedback-fd",
      "5",
      "--local-path",
      "/bricks/b1",
      "--subvol-num",
      "hot_2",
      "--secondary-id",
      "I",
      "--debug",
    ];
    expect((await place.call("worker", "pv", "h::sv", ...call)).code).toBe(12);
    expect(requests[0]).toMatchObject({ feedbackFd: 5, localPath: "/bricks/b1", subvolume: "hot_2", debug: true });
    expect(requests[0]?.config.current().text("gluster-log-file")).toMatch(/mnt-bricks-b1\.log$/);
  });

  test("a secondary takes its options from its arguments, and reads no file of the session", async () => {
    const { roles, requests } = recorder();
    using place = makePlace({}, roles);
    mkdirSync(place.file("geo-replication/pv_h_sv"), { recursive: true });
    writeFileSync(
      place.file("geo-replication/pv_h_sv/gsyncd.conf"),
      "[vars]\nsecondary-timeout = 9\nrsync-command = /bin/sh\n",
    );
    const call = [
      "--secondary-timeout",
      "33",
      "--primary-node",
      "n",
      "--primary-brick",
      "/b/1",
      "--secondary-access-mount",
    ];
    expect((await place.call("slave", "pv", "h::sv", ...call)).code).toBe(13);
    const config = requests[0]?.config.current();
    expect(["secondary-timeout", "rsync-command", "secondary-access-mount"].map((name) => config?.text(name))).toEqual([
      "33",
      "rsync",
      "true",
    ]);
    expect(config?.text("secondary-gluster-log-file")).toMatch(/mnt-n-b-1\.log$/);
  });

  test("a program without roles says so", async () => {
    using place = makePlace();
    const { err, code } = await place.call("monitor", "pv", "h::sv");
    expect({ err: err.split("\n")[0], code }).toEqual({
      err: "gsyncd: this program has no monitor, worker and secondary",
      code: 1,
    });
  });

  test("restricted, only the secondary runs", async () => {
    const { roles } = recorder();
    using place = makePlace({ _GSYNCD_RESTRICTED_: "1" }, roles);
    expect((await place.call("monitor", "pv", "h::sv")).err).toContain("only secondary may be run");
    expect((await place.call("secondary", "pv", "h::sv")).code).toBe(13);
    const copying = await place.call("secondary", "pv", "h::sv", "--copy-from-parent");
    expect(copying.err).toContain("copy-from-parent may not be given");
  });
});

test("delete --reset-sync-time makes the bricks forget before the folders go", async () => {
  using place = makePlace();
  const folder = place.file("geo-replication/pv_h_sv");
  const brick = place.file("brick");
  for (const path of [folder, brick]) mkdirSync(path, { recursive: true });
  writeFileSync(`${folder}/gsyncd.conf`, "[vars]\nstime-xattr-prefix = user.test.a.b\n");
  lsetxattr(brick, "user.test.a.b.stime", Buffer.from("12345678"));
  lsetxattr(brick, "user.test.a.b.entry_stime", Buffer.from("12345678"));
  const old = ["-c", `${folder}/gsyncd.conf`, "--iprefix=/var", `--path-list=--path=${brick} `, "--reset-sync-time"];
  expect(await place.call("--delete", ...old, ":pv", "h::sv")).toEqual({ out: "", err: "", code: 0 });
  expect(lgetxattr(brick, "user.test.a.b.stime")).toEqual(Buffer.alloc(8));
  expect(lgetxattr(brick, "user.test.a.b.entry_stime")).toBeUndefined();
  expect(existsSync(folder)).toBe(false);
});

test("nothing but what needs a folder fails without it", async () => {
  using place = makePlace({ GLUSTERD_WORKDIR: "/nonexistent/glusterd" });
  expect((await place.call("--version")).code).toBe(0);
  expect((await place.call("config-get", "pv", "h::sv", "--show-defaults")).code).toBe(0);
  expect((await place.call("--normalize-url", "h::sv")).out).toBe("ssh://h::sv\n");
  const template = ["-c", "/nonexistent/glusterd/geo-replication/gsyncd_template.conf"];
  expect((await place.call(...template, "--config-set-rx", "a", "b", ".")).code).toBe(0);
  expect((await place.call("--create", "Created", ":pv", "h::sv")).code).toBe(1);
});

test("states are written as glusterd reads them, and logged", async () => {
  using place = makePlace();
  mkdirSync(place.file("geo-replication/pv_h_sv"), { recursive: true });
  const conf = place.file("geo-replication/pv_h_sv/gsyncd.conf");
  writeFileSync(conf, `[vars]\ngluster-logdir = ${place.file("log")}\n`);
  expect((await place.call("--create", "Started", "-c", conf, ":pv", "h::sv")).code).toBe(0);
  expect(readFileSync(place.file("geo-replication/pv_h_sv/monitor.status"), "utf8")).toBe("Started");
  const log = readFileSync(place.file("log/geo-replication/pv_h_sv/gsyncd.log"), "utf8");
  expect(log).toMatch(
    /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\] I \[gsyncd\(monitor-status\):0:main\] <top>: Monitor Status Change \[\{status=Started\}\]\n$/,
  );
});
