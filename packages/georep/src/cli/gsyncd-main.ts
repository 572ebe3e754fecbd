import { BelayError, hasCode, isUserError, reportFailure, toError } from "@belay/supervise";
import { placesOf } from "../session/places.ts";
import { agent } from "./agent-command.ts";
import { helpText, isCutShort, parseArguments, programName, type CommandSpec } from "./argument-parser.ts";
import { commands } from "./commands.ts";
import { configCheck, configGet, configReset, configSet } from "./config-commands.ts";
import { deleteSession } from "./delete-command.ts";
import { gsyncdVersion } from "./gsyncd-version.ts";
import { isLegacyCall } from "./interface.ts";
import { legacyMain } from "./legacy/legacy-main.ts";
import { standardStreams, type Terminal } from "./output.ts";
import { printUrls } from "./print-urls.ts";
import { monitor, secondary, worker } from "./role-commands.ts";
import type { Roles } from "./roles.ts";
import { withOnlyRoots } from "./restricted/only-roots.ts";
import { checkSshRequest, sshRequestOf } from "./restricted/run-ssh-call.ts";
import { replaceProcess } from "./restricted/replace-process.ts";
import type { Invocation } from "./session-request.ts";
import { monitorStatus, status } from "./status-commands.ts";
import { makeTemplateFile, upgradeArguments } from "./upgrade-arguments.ts";
import { volumeId } from "./volume-id.ts";

const actions: Readonly<Record<string, (invocation: Invocation) => number | Promise<number>>> = {
  "monitor-status": monitorStatus,
  monitor,
  worker,
  agent,
  secondary,
  status,
  "config-check": configCheck,
  "config-get": configGet,
  "config-set": configSet,
  "config-reset": configReset,
  voluuidget: volumeId,
  delete: deleteSession,
};

/** Exit codes; every other error ends with 1. */
const exitCodes: Readonly<Record<string, number>> = { EUSAGE: 2, ENAME: 2, EVALUE: 3, ENOTCONF: 4 };

/** Errors whose text is agreed upon. */
const fixedTexts: ReadonlySet<string> = new Set([...Object.keys(exitCodes), "ERESTRICTED"]);

/**
 * The command `gsyncd`, in the words of today, of glusterd, and of 2014.
 *
 * @param argv  without the program
 * @param roles  monitor, worker and secondary; calls for them fail without
 * @returns the exit code
 */
export async function gsyncdMain(
  argv: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  roles?: Roles,
  terminal: Terminal = standardStreams,
): Promise<number> {
  // Before everything else: every run of the gluster command asks for it, also in the midst of a restricted call.
  if (argv.includes("--version")) {
    terminal.out(`${gsyncdVersion}\n`);
    return 0;
  }
  let legacy = false;
  try {
    const request = sshRequestOf(argv, env);
    if (request !== undefined) return await runSshCall(request, env, roles, terminal);
    legacy = isLegacyCall(argv);
    return await (legacy ? legacyMain(argv, env, terminal, roles) : currentMain(argv, env, terminal, roles));
  } catch (error) {
    reportFailure(error); // a daemon's stderr is read by nobody
    return report(error, legacy, terminal);
  }
}

async function runSshCall(
  request: Parameters<typeof checkSshRequest>[0],
  env: NodeJS.ProcessEnv,
  roles: Roles | undefined,
  terminal: Terminal,
): Promise<number> {
  const call = checkSshRequest(request, env);
  const dispatched = { ...withOnlyRoots(env, request.roots), _GSYNCD_DISPATCHED_: "1" };
  if (call.kind === "gsyncd")
    return gsyncdMain(call.argv, { ...dispatched, _GSYNCD_RESTRICTED_: "1" }, roles, terminal);
  return replaceProcess(call.program ?? call.name, [call.name, ...call.args], dispatched);
}

async function currentMain(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  terminal: Terminal,
  roles: Roles | undefined,
): Promise<number> {
  const places = placesOf(env);
  const at = argv.findIndex(isInet6);
  const inet6 = at >= 0;
  const words = argv.filter((_word, i) => i !== at);
  const [first] = words;
  makeTemplateFile(places);
  if (first !== undefined && Object.hasOwn(actions, currentName(first)))
    return runCommand(words, { places, env, terminal, roles, inet6 });
  const upgraded = upgradeArguments(words, places);
  if (upgraded?.kind === "done") return 0;
  if (upgraded?.kind === "urls") {
    await printUrls(terminal, upgraded.urls, upgraded.form, inet6);
    return 0;
  }
  return runCommand(upgraded?.argv ?? words, { places, env, terminal, roles, inet6 });
}

async function runCommand(argv: readonly string[], around: Omit<Invocation, "command" | "args">): Promise<number> {
  const [given, ...rest] = argv;
  const command = commands.find(({ name }) => given !== undefined && name === currentName(given));
  if (command === undefined) return noCommand(given, around.terminal);
  if (!isAllowed(command, around.env)) {
    throw new BelayError("ERESTRICTED", "disallowed gsyncd invocation: only secondary may be run");
  }
  const args = parseArguments(command, rest);
  if (args === undefined) {
    around.terminal.out(helpText(command));
    return 0;
  }
  return (await actions[command.name]?.({ ...around, command: command.name, args })) ?? 1;
}

// Where a sub-command is expected it may be cut short.
function isInet6(word: string, i: number): boolean {
  return word === "--inet6" || (i === 0 && isCutShort(word, "--inet6"));
}

// Sub-commands had other names before GlusterFS 10.
function currentName(name: string): string {
  if (name === "slave") return "secondary";
  return name === "slavevoluuidget" ? "voluuidget" : name;
}

function isAllowed({ name }: CommandSpec, env: NodeJS.ProcessEnv): boolean {
  return (env["_GSYNCD_RESTRICTED_"] ?? "") === "" || name === "secondary";
}

function noCommand(given: string | undefined, terminal: Terminal): number {
  const names = commands.map(({ name }) => name);
  const usage = `usage: ${programName} [-h] [--inet6] {${names.join(",")}} ...\n`;
  if (given !== undefined && (given === "-h" || isCutShort(given, "--help"))) {
    terminal.out(`${usage}\n${commands.map(({ name, help }) => `  ${name.padEnd(16)}${help}\n`).join("")}`);
    return 0;
  }
  if (given === undefined) {
    terminal.err(`${usage}${programName}: error: the following arguments are required: subcmd\n`);
    return 1;
  }
  const problem = given.startsWith("-")
    ? `unrecognized arguments: ${given}`
    : `argument subcmd: invalid choice: '${given}' (choose from ${names.map((name) => `'${name}'`).join(", ")})`;
  terminal.err(`${usage}${programName}: error: ${problem}\n`);
  return 2;
}

/** Everything that goes wrong ends here: text for stderr, and the exit code. */
function report(error: unknown, legacy: boolean, terminal: Terminal): number {
  const { message, stack } = toError(error);
  const known = error instanceof BelayError;
  const fixed = known && fixedTexts.has(error.code);
  // Programs read these texts; people at a terminal get the hint with all of them.
  const hint = known && error.hint !== undefined && (!fixed || terminal.isForPeople) ? `  hint: ${error.hint}\n` : "";
  const prefix = legacy ? "failure: " : "gsyncd: ";
  if (!isUserError(error)) terminal.err(`${stack ?? message}\n`);
  else if (message !== "") terminal.err(`${fixed && !isFailure(error, legacy) ? "" : prefix}${message}\n${hint}`);
  if (isFailure(error, legacy)) return 1;
  const code = known ? exitCodes[error.code] : undefined;
  return code ?? 1;
}

/** In the words of 2014 everything but a mistake in the options is a failure, and ends with 1. */
function isFailure(error: unknown, legacy: boolean): boolean {
  return legacy && !hasCode(error, "EUSAGE");
}
