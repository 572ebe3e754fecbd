import type { CommandSpec, OptionSpec } from "./argument-parser.ts";

const flag = (name: string, help: string): OptionSpec => ({ names: [`--${name}`], takes: "nothing", help });
const text = (name: string, help: string): OptionSpec => ({ names: [`--${name}`], takes: "text", help });
const number = (name: string, help: string): OptionSpec => ({ names: [`--${name}`], takes: "number", help });

const debug = flag("debug", "stay in the foreground and log to stderr");
const foreground = flag("foreground", "stay in the foreground and log to stderr; a signal is no failure then");
const configFile: OptionSpec = {
  names: ["-c", "--config-file"],
  takes: "text",
  help: "configuration of the session, instead of the one in its folder",
};
const name: OptionSpec = { names: ["-n", "--name"], takes: "text", help: "name of the option" };
const session = ["primary", "secondary"];

/** The sub-commands of gsyncd since GlusterFS 4. */
export const commands: readonly CommandSpec[] = [
  {
    name: "monitor-status",
    help: "Writes the state of a session.",
    positionals: [...session, "status"],
    options: [configFile, debug],
  },
  {
    name: "monitor",
    help: "Runs a session's workers on this node, as a daemon.",
    positionals: session,
    options: [
      flag("pause-on-start", "start in the state of being paused"),
      text("local-node-id", "id of this node"),
      configFile,
      debug,
      foreground,
      flag("use-gconf-volinfo", "take what is known about the volumes from the configuration"),
    ],
  },
  {
    name: "worker",
    help: "Replicates one brick; started by the monitor.",
    positionals: session,
    options: [
      text("local-path", "the brick"),
      number("feedback-fd", "descriptor to close once connected"),
      text("local-node", "host of the brick"),
      text("local-node-id", "id of this node"),
      text("subvol-num", "number of the brick's subvolume"),
      flag("is-hottier", "the brick belongs to the hot tier"),
      text("resource-remote", "secondary host to connect to"),
      text("resource-remote-id", "id of that host"),
      text("secondary-id", "id of the secondary volume"),
      configFile,
      debug,
      foreground,
    ],
  },
  {
    name: "agent",
    help: "Watches one brick and writes its journal; started by the monitor, and outlives it.",
    positionals: session,
    options: [text("local-path", "the brick"), configFile, debug],
  },
  {
    name: "secondary",
    help: "Receives what a worker sends; started by the worker, through ssh.",
    positionals: session,
    options: [
      text("session-owner", "id of the primary volume"),
      text("primary-brick", "brick the worker is for"),
      text("primary-node", "host of the worker"),
      text("primary-node-id", "id of that host"),
      text("local-node", "this host"),
      text("local-node-id", "id of this host"),
      configFile,
      debug,
      number("secondary-timeout", "seconds without a sign of life after which to end"),
      flag("use-rsync-xattrs", "rsync carries all extended attributes"),
      text("secondary-log-level", "level of the log"),
      text("secondary-gluster-log-level", "level of the mount's log"),
      text("secondary-gluster-command-dir", "where the programs of Gluster are"),
      flag("secondary-access-mount", "leave the mount in sight"),
      number("primary-dist-count", "number of subvolumes of the primary volume"),
      flag("copy-from-parent", "may copy what the process that started this one has open; never through ssh"),
    ],
  },
  {
    name: "status",
    help: "Shows the status of a brick's worker.",
    positionals: session,
    options: [configFile, text("local-path", "the brick"), debug, flag("json", "one JSON object")],
  },
  {
    name: "config-check",
    help: "Tells whether an option exists, and may have a value.",
    positionals: ["name"],
    options: [text("value", "the value"), debug],
  },
  {
    name: "config-get",
    help: "Shows options of a session.",
    positionals: session,
    options: [
      { ...name, names: ["--name"] },
      configFile,
      debug,
      flag("show-defaults", "also options that are not set"),
      flag("only-value", "only the value of the option that is asked for"),
      flag("use-underscore", "names with _ instead of -"),
      flag("json", "a list of JSON objects"),
    ],
  },
  {
    name: "config-set",
    help: "Sets an option of a session.",
    positionals: session,
    options: [name, { names: ["-v", "--value"], takes: "text", help: "its value" }, configFile, debug],
  },
  {
    name: "config-reset",
    help: "Gives an option, or all of them, their defaults again.",
    positionals: [...session, "name"],
    options: [configFile, debug],
  },
  {
    name: "voluuidget",
    help: "Prints the id of a volume of another cluster.",
    positionals: ["host", "volname"],
    options: [debug],
  },
  {
    name: "delete",
    help: "Removes the files of a session.",
    positionals: session,
    options: [
      configFile,
      { names: ["--path"], takes: "list", help: "a local brick; may be given more than once" },
      flag("reset-sync-time", "forget on the bricks how far they were replicated"),
      debug,
    ],
  },
];
