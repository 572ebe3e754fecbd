/**
 * Our gsyncd beside GlusterFS 10's: the same calls on the same files give the same output, the same exit code and the same files.
 *
 * What the reference does wrong is listed with each call that shows it.
 */
import { beforeAll, describe, expect, test } from "vitest";
import {
  carryOut,
  referenceProgram,
  sessionConfig,
  sessionFolder,
  sessionPidFile,
  whatIsMissing,
  type CallResult,
  type Step,
} from "./calls.ts";
import { everyName, everyWayToAsk, get, session, setting, upgrades } from "./config-steps.ts";

const missing = whatIsMissing();
if (missing !== undefined) console.warn(`SKIPPED: gsyncd is not compared with the reference: ${missing}`);

const template = "/var/lib/glusterd/geo-replication/gsyncd_template.conf";
const old = ["-c", sessionConfig, "--iprefix=/var", ":pv", "sh.example::sv"];
const set = (name: string, value: string): Step => ({
  argv: ["config-set", ...session, "--name", name, `--value=${value}`],
  files: { [sessionConfig]: "[vars]\nsync-jobs = 4\n\n" },
  show: [sessionConfig],
});
const read = (text: string): Step => ({
  argv: ["config-get", ...session],
  files: { [sessionConfig]: text },
});

const values: Readonly<Record<string, readonly string[]>> = {
  "log-level": ["DEBUG", "debug", "", "INFO "],
  "gluster-log-level": ["ERROR", "TRACE"],
  "sync-method": ["tarssh", "rsync", "scp"],
  "change-detector": ["xsync", "changelog", "xtime"],
  "ssh-port": ["1", "65535", "0", "65536", "-1", "x", "007", " 24 ", "1_0"],
  "sync-jobs": ["1", "100", "101", "0"],
  checkpoint: ["1795247698", "now", "5", "0", "-5", "31536000", "999999999999999"],
  "access-mount": ["true", "false", "True", "1", "yes"],
  "gfid-conflict-resolution": ["true", "no"],
  "log-rsync-performance": ["false", "TRUE"],
  "rsync-command": ["/bin/ls", "ls", "/etc", "/etc/passwd", "/nonexistent"],
  "ssh-command": ["/bin/sh", "sh"],
  "tar-command": ["tar"],
  "gluster-command": ["gluster"],
  "rsync-options": ["", "-a --b", "%Y", "a: b = c", "#x", "ü"],
  "ssh-options": ["-p ${primary} $primary $$ ${nope} ${glusterd_workdir}"],
  "special-sync-mode": ["recover"],
  "changelog-archive-format": ["%Y%m%d"],
  "ignore-deletes": ["true", "false"],
  "use-meta-volume": ["true"],
  "change-interval": ["3"],
  "secondary-timeout": ["60"],
  "stime-xattr-prefix": ["trusted.glusterfs.a.b"],
  nope: ["1"],
  "Log-Level": ["DEBUG"],
  "log-level ": ["DEBUG"],
  log_level: ["DEBUG"],
  state_socket_unencoded: ["x"],
};

const filesToRead = [
  "",
  "[vars]\n",
  "[vars]\nLog-Level = DEBUG\nssh-port : 7\n",
  "[vars]\r\nssh-port = 7\r\nlog-level=ERROR\r\n",
  "  [vars]\n  ssh-port = 7\n  log-level = DEBUG\n",
  "[vars]\nrsync-options = a\n\tb\n\n c\n# x\n d = 5\nlog-level = DEBUG\n",
  "; c\n[vars]\n# c\nssh-port = 7\n;x\n",
  "[vars] tail]\nssh-port = 7\n",
  "[vars] tail\nssh-port = 7\n",
  "[DEFAULT]\nssh-port = 7\n[vars]\nlog-level = DEBUG\n",
  "[log-level]\nvalue = ERROR\n[vars]\nssh-port = 8\n",
  "[a]\nb = c\n",
  "[vars]\nsync-acls = false\nsync-xattrs = true\nuse-meta-volume = true\n",
  "[vars]\nssh-port = 007\nsync-jobs =  5 \n",
  "[vars]\nrsync-options = a # b ; c\n",
  "[vars]\nunknown = 1\nan_other = x\n",
  "[vars]\nrsync-options\n = 5\n",
  // What cannot be understood ends with 1 in both.
  "ssh-port = 7\n",
  "[vars]\nfoo\n",
  "[vars]\nssh-port=1\nSSH-PORT=2\n",
  "[vars]\na=1\n[vars]\nb=1\n",
  "[vars]\n= 5\n",
  "[vars\nssh-port = 7\n",
  "\ufeff[vars]\nssh-port = 7\n",
];

const oldCalls: readonly (readonly string[])[] = [
  ["--version"],
  ["--inet6", "--version"],
  ["config-get", "--version"],
  [...old, "--config-get-all"],
  ["--inet6", ...old, "--config-get-all"],
  [...old, "--config-get", "pid-file"],
  [...old, "--config-get", "state_file"],
  [...old, "--config-get", "nope"],
  [...old, "--config-get", "state_socket_unencoded"],
  [...old, "--config-set", "log_level", "--value=DEBUG"],
  [...old, "--config-set", "session-owner", "--value=6f9c9a2a-1111-2222-3333-444455556666"],
  ["--path=/b", "-c", sessionConfig, ":pv", "sh.example::sv", "--config-set", "session-owner", "--value=x"],
  [...old, "--config-set", "checkpoint", "--value=1795247698"],
  [...old, "--config-set", "ssh_port", "--value=x"],
  [...old, "--config-set", "nope", "--value=x"],
  [...old, "--config-del", "log_level"],
  [...old, "--config-del", "nope"],
  ["--config-check", "log_level"],
  ["--config-check", "nope"],
  ["--config-check", "pid-file"],
  ["--config-check", "state_socket_unencoded"],
  ["--normalize-url", "localhost::v"],
  ["--normalize-url", "u@h::v"],
  ["--normalize-url", "ssh://u@h::v:6f9c9a2a-1111-2222-3333-444455556666"],
  ["--canonicalize-url", "localhost::v", "ssh://u@localhost::v:6f9c9a2a-1111-2222-3333-444455556666"],
  ["--canonicalize-url", "::v"],
  ["--inet6", "--canonicalize-url", "some-host::v"],
  ["--verify", "spawning", ":pv", "sh::sv"],
  ["--secondaryvoluuid-get", "localhost::no-such-volume"],
  ["voluuidget", "localhost", "no-such-volume"],
  ["-c", template, "--config-set-rx", "gluster-params", "aux-gfid-mount acl", "."],
  ["-c", "/var/lib/glusterd/geo-replication/x_y_z/gsyncd.conf", "--config-set-rx", "ssh-command", "ssh", ".", "^ssh:"],
  ["--config-set-rx", "log-level", "DEBUG", "."],
  ["config-get", "pv", "[::1]::sv", "--name", "log-file"],
  ["config-set", "p.v", "s_h::s-v", "-n", "sync-jobs", "-v", "5"],
  ["--create", "Created", ...old],
  ["--create", "Paused", "-c", sessionConfig, ":pv", "ssh://sh.example::sv:6f9c9a2a-1111-2222-3333-444455556666"],
  [...old, "--status-get", "--path", "/b1"],
  ["bogus"],
  ["status"],
  ["config-set", "pv"],
  ["config-get", ...session, "--bogus"],
  ["config-get", ...session, "extra"],
  ["config-get", ...session, "--s", "--o", "--name=log-level"],
  ["config-get", ...session, "--show-defaults"],
  ["config-get", ...session, "--show-defaults", "--use-underscore"],
  ["config-get", ...session, "--name", "log-level"],
  ["config-get", ...session, "--name", "log-level", "--show-defaults", "--only-value"],
  ["config-get", ...session, "--only-value"],
  ["config-reset", ...session, "log-level"],
  ["config-reset", ...session, "nope"],
  ["config-reset", ...session],
  ["config-check", "log-level", "--value", "foo"],
  ["config-check", "rsync-command", "--value", "/bin/ls"],
  ["monitor-status", ...session, "Stopped"],
  ["--delete", ...old, "--path-list=--path=/b1 --path=/b2 "],
  ["delete", ...session],
];

// Options that are cut short, repeated, misplaced, without a value; names as nobody writes them.
const oddCalls: readonly (readonly string[])[] = [
  ...[[], [""], ["-"], ["--"], ["-x"], ["--versio"], ["--i"], ["config", ...session], ["CONFIG-GET", ...session]],
  ...[
    ["--i", ...get()],
    ["--debug", ...get()],
    ["-c", sessionConfig, ...get()],
  ],
  ...[get("--nam", "log-level"), get("--n=log-level", "--show"), get("--name"), get("--name="), get("--only-value=1")],
  get("--name", "log-level", "--name", "sync-jobs", "--only-value"),
  ...[get("-n", "log-level"), get("--name= log-level"), get("--name=Log-Level"), get("--name=log_level")],
  ...[get("--name=foo"), get("--name=foo", "--only-value"), get("--name=pid-file"), get("--name=checkpoint")],
  ...[get("-c"), get("-c", ""), get("-c", "/nonexistent/x.conf"), get("-c", sessionConfig, "-c", "/nonexistent")],
  ...[get("--config_file", sessionConfig), get(`-c${sessionConfig}`), get("--"), get("--", "x")],
  ["config-get", "--name", "log-level", ...session],
  ["config-get", "pv", "--only-value", "sh.example::sv", "--name=log-level"],
  ...[setting("-nsync-jobs", "-v7"), setting("-n", "sync-jobs", "-v", "7", "-v", "8")],
  ...[setting("-n", "rsync-options", "-v", "--whole-file"), setting("-n", "rsync-options", "-v", "-x")],
  ...[setting("-n", "rsync-options", "-v-x"), setting("-n", "rsync-options", "--value", "--whole-file -x")],
  ...[setting("-n", "checkpoint", "-v", "-5"), setting("-n", "checkpoint", "-v=5"), setting("-n", "foo", "-v", "x")],
  ...[setting("-n", "", "-v", "x"), setting("-n", "log-level", "-v", "DEBUG", "-c", "/nonexistent/x")],
  ...[setting("-n", "log-level", "-v", "DEBUG", "extra"), setting("-n", "log-level", "-v", "DEBUG", "--bogus")],
  ...["foo", "all", "All", "", "LOG-LEVEL"].map((name) => ["config-reset", ...session, name]),
  ...[["--value="], ["--val", "DEBUG"], ["--value"], ["x"]].map((more) => ["config-check", "log-level", ...more]),
  ...[
    ["status", "pv", "sh.other::sv", "--local-path", "/b"],
    ["status", ...session, "--local-path"],
  ],
  ...[
    ["monitor-status", ...session],
    ["monitor-status", ...session, "X", "Y"],
    ["monitor-status", ...session, "-x"],
  ],
  ...[
    ["--create", ...old],
    ["--config-get", ...old],
    [...old, "--config-set", "--value=x"],
    [...old, "--config-del"],
  ],
  ...[
    ["--create", "Some Thing", ...old],
    ["--create", "", ...old],
    ["--create", "Created", ":pv"],
  ],
  [...old, "--config-set", "rsync-options", "--value", "--whole-file"],
  [...old, "--config-set", "rsync-options", "--value=--whole-file"],
  [...old, "--config-del", "all"],
  [...old, "--config-get-all", "--config-get", "log-level"],
  ["-c", sessionConfig, "--inet6", "--iprefix=/var", ":pv", "sh.example::sv", "--config-get", "log-file"],
  ["--delete", ...old, "--path-list", "--path=/b1 --path=/b2 "],
  ["worker", ...session, "--feedback-fd", "x"],
  ...[
    ["secondary", ...session, "--secondary-timeout", "x"],
    ["monitor", ...session, "--bogus"],
    ["worker", "pv"],
  ],
];

const brick = (more: object): string =>
  JSON.stringify({
    secondary_node: "h2",
    worker_status: "Active",
    last_synced: 1795247698,
    last_synced_entry: 1795247600,
    crawl_status: "Changelog Crawl",
    entry: 1,
    data: 2,
    meta: 3,
    failures: 4,
    ...more,
  });
const reached = { checkpoint_completed: "Yes", checkpoint_time: 1795240000, checkpoint_completion_time: 1795241111 };

/** State of the session, content of the brick's status file, checkpoint. */
const states: readonly (readonly [string | null, string | null, number])[] = [
  [null, null, 0],
  ["", null, 0],
  ["Created", brick({}), 0],
  ["Started", brick({}), 0],
  ["Started\n", brick({}), 1795240000],
  ["Started", brick({}), 1795249999],
  ["Started", brick(reached), 1795240000],
  ["Started", brick({ worker_status: "Faulty" }), 0],
  ["Started", brick({ worker_status: "Passive", extra: "x" }), 0],
  ["Started", brick({ worker_status: "Initializing..." }), 1795249999],
  ["Started", '{"worker_status":"Active"}', 0],
  ["Started", '{"worker_status":"Active"', 0],
  ["Paused", brick({}), 0],
  ["Stopped", brick({}), 0],
  ["Something else", brick({}), 0],
];

const stateSteps = ["", "--json"].flatMap((json) =>
  states.map(([monitor, status, checkpoint], i): Step => {
    return {
      argv: ["status", ...session, "--local-path", "/b/1 ü", ...(json === "" ? [] : [json])],
      files: {
        [`${sessionFolder}/monitor.status`]: monitor,
        [`${sessionFolder}/brick_%2Fb%2F1+%C3%BC.status`]: status,
        [sessionConfig]: checkpoint === 0 ? "" : `[vars]\ncheckpoint = ${checkpoint}\n`,
      },
      ...(i === 0 && json === "" ? { fresh: true, hold: sessionPidFile } : {}),
    };
  }),
);

const oldLog = "/var/log/glusterfs/geo-replication/pv_sh.example_sv/mnt-b.log";
const setSteps = Object.entries(values).flatMap(([name, list]) => list.map((value) => set(name, value)));
const watched = [
  sessionConfig,
  sessionFolder,
  template,
  "/var/lib/glusterd/geo-replication/x_y_z/gsyncd.conf",
  "/var/lib/misc/gluster/gsyncd/pv_sh.example_sv",
];
const steps: readonly Step[] = [
  ...setSteps,
  ...filesToRead.map(read),
  ...(missing === undefined ? [...everyWayToAsk, ...everyName(), ...upgrades] : []),
  ...[...oldCalls, ...oddCalls].map((argv): Step => ({
    argv,
    fresh: true,
    files: {
      [sessionConfig]: "[vars]\nlog-level = WARNING\nfoo = bar\n\n",
      "/var/lib/misc/gluster/gsyncd/pv_sh.example_sv/x": "",
    },
    // Theirs makes an empty monitor.status when it is read.
    show: argv.includes("--status-get") ? watched : [`${sessionFolder}/monitor.status`, ...watched],
  })),
  // The logs of a session that is deleted stay.
  {
    argv: ["delete", ...session],
    fresh: true,
    files: { [oldLog]: "old\n", [sessionConfig]: "" },
    show: [oldLog, sessionFolder],
  },
  ...stateSteps,
];

describe.skipIf(missing !== undefined)("gsyncd does what GlusterFS 10's does:", () => {
  let ours: CallResult[];
  let theirs: CallResult[];
  beforeAll(() => {
    ours = carryOut({ steps });
    theirs = carryOut({ reference: referenceProgram, steps });
  }, 900_000);

  test.each(steps.map((step, i) => [describeStep(step), i] as const))("%s", (_name, i) => {
    expect(comparable(ours[i], steps[i])).toEqual(comparable(theirs[i], steps[i]));
  });
});

function describeStep({ argv, files }: Step): string {
  const status = Object.entries(files ?? {}).filter(([path]) => argv[0] === "status" || path === sessionConfig);
  const shown =
    argv[0] === "status" || argv[0] === "config-get" ? ` with ${JSON.stringify(status.map(([, text]) => text))}` : "";
  return argv.join(" ") + shown;
}

/** Output of one call without what is meant to differ. */
function comparable(result: CallResult | undefined, step: Step | undefined): unknown {
  if (result === undefined || step === undefined) return undefined;
  const { code, stdout, files } = result;
  // Theirs makes this one even when only its version is asked for.
  const { [template]: made, ...others } = files;
  return {
    code,
    stdout: step.argv.includes("--json") && step.argv[0] === "config-get" ? namesAndValues(stdout) : stdout,
    stderr: verdict(result),
    files: step.argv.includes("--version") ? others : { made, ...others },
  };
}

// What the default is, and so whether it is modified, is told rightly by ours only.
function namesAndValues(json: string): unknown {
  const about = JSON.parse(json) as { name: string; value: string; configurable: boolean }[];
  return about.map(({ name, value, configurable }) => ({ name, value, configurable }));
}

/** Exact for the texts others read; usage and what is a traceback there are worded anew. */
function verdict({ stderr, code }: CallResult): string {
  if (code === 2 || code === 3 || code === 4)
    return /^(?:Invalid config|Not configurable).*$/m.exec(stderr)?.[0] ?? "usage";
  return code === 0 ? "" : "an error";
}
