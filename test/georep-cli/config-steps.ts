/** What is asked of a session's configuration, and the files it is asked of. */
import { readFileSync } from "node:fs";
import { sessionConfig, type Step } from "./calls.ts";

export const session = ["pv", "sh.example::sv"];
/** A call that asks for options of the session. */
export const get = (...more: string[]): string[] => ["config-get", ...session, ...more];
/** A call that sets an option of the session. */
export const setting = (...more: string[]): string[] => ["config-set", ...session, ...more];

const vars =
  "[vars]\nlog-level = WARNING\nfoo = bar\nan_other = y\nstate_socket_unencoded = x\nsync-acls = false\npid-file = /x\n\n";
/** With and without what the machine has, as text and as JSON. */
export const everyWayToAsk: readonly Step[] = Array.from({ length: 16 }, (_, bits) => ({
  argv: [
    ...get(),
    ...["--only-value", "--show-defaults", "--json", "--use-underscore"].filter((_, i) => bits & (1 << i)),
  ],
  files: { [sessionConfig]: bits & 4 ? vars.replace("foo = bar\nan_other = y\n", "") : vars },
}));

/** Of all options of the reference, with underscores, as glusterd asks. */
export const everyName = (): readonly Step[] =>
  namesOfReference().map((name) => ({
    argv: get("--name", name.replaceAll("-", "_"), "--only-value", "--show-defaults"),
    files: { [sessionConfig]: vars },
  }));

const [plain, urls] = [
  "peers pv sv",
  "peers gluster%3A%2F%2Flocalhost%3Apv ssh%3A%2F%2Froot%40h%3Agluster%3A%2F%2F127.0.0.1%3Asv",
];

/** Files of GlusterFS 3 in the place of a session's. What is impossible in them is a deviation of ours, as are names with `slave`. */
const oldFiles = [
  `[${plain}]\nlog_level = DEBUG\n`,
  `[__meta__]\nversion = 2.0\n\n[${plain}]\nuse_tarssh = true\ntimeout = 60\nignore_deletes = true\n`,
  ...["True", "TRUE", "false", "1", ""].map((value) => `[${plain}]\nuse_tarssh = ${value}\n`),
  `[__meta__]\nversion = 2.0\n\n[${urls}]\nlog_level = DEBUG\ntimeout = 5\n`,
  `[${urls}]\nlog_level = DEBUG\n\n[${plain}]\nlog_level = ERROR\n`,
  `[${plain}]\n\n[vars]\nsync-jobs = 4\n`,
  `[vars]\nsync-jobs = 4\n\n[${plain}]\nlog-level = DEBUG\n`,
  ...[`${plain} x`, "peers pv", "peers  pv sv", "PEERS pv sv", "peers pv other"].map(
    (n) => `[${n}]\nlog_level = DEBUG\n`,
  ),
  `[peersrx . %5Essh%3A]\nlog_level = DEBUG\n\n[${plain}]\nsync_jobs = 7\n`,
  `[global]\nlog_level = DEBUG\n\n[${plain}]\nsync_jobs = 7\n`,
  `[DEFAULT]\nlog_level = DEBUG\n\n[${plain}]\nsync_jobs = 7\n`,
  `[DEFAULT]\nsync_jobs = 8\n\n[${plain}]\nsync_jobs = 7\nlog_level = ERROR\n`,
  `[${plain}]\nLog_Level = DEBUG\nfoo_bar = x\nstate_socket_unencoded = /x\n`,
  `[${plain}]\nrsync_options = a\n b\n\n c\nlog_level : DEBUG\n`,
  `[${plain}]\nlog_level = ERROR\nlog-level = DEBUG\nuse_tarssh = true\nsync_method = rsync\n`,
  `[${plain}]\nsync_method = rsync\nuse_tarssh = true\nsecondary_timeout = 5\ntimeout = 6\n`,
  `[${plain}]\n`,
  `; note\n[${plain}] tail\r\nlog_level = DEBUG\r\n`,
  ...["foo", "a = 1\nA = 2", `a = 1\n[${plain}]\nb = 2`].map((text) => `[${plain}]\n${text}\n`),
  `x = 1\n[${plain}]\na = 1\n`,
];
/** Every call that may meet such a file, and one that reads none. */
export const upgrades: readonly Step[] = oldFiles.flatMap((text) =>
  [
    get(),
    setting("-n", "log-level", "-v", "INFO"),
    ["config-reset", ...session, "log-level"],
    ["status", ...session, "--local-path", "/b"],
  ].map((argv) => ({
    argv,
    fresh: true,
    files: { [sessionConfig]: text },
    show: [sessionConfig, `${sessionConfig}.bkp`],
  })),
);

function namesOfReference(): string[] {
  const sections = [...readFileSync("/etc/glusterfs/gsyncd.conf", "utf8").matchAll(/^\[(.+)\]$/gm)];
  return [...sections.map(([, name = ""]) => name), "vars", "foo", "an_other", "nope"];
}
