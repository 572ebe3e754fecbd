import { BelayError } from "@belay/supervise";
import { createSession, proposeSession, type Proposal } from "../create.ts";
import { endText, pathOf, shortEnd } from "../ends.ts";
import { sessionKey } from "../key.ts";
import { sessionOfPair } from "../known-session.ts";
import { parseEnds } from "../ends.ts";
import { printable } from "../table.ts";
import type { CommonOptions, Context } from "./context.ts";

/** Options of `belay georep create`. */
export interface CreateOptions extends CommonOptions {
  readonly name?: string;
  readonly force?: boolean;
  readonly verify?: boolean;
  readonly sshPort?: string;
  readonly sshKey?: string;
  readonly identity?: string;
  readonly remoteGsyncd?: string;
  readonly option?: readonly string[];
  readonly dryRun?: boolean;
}

/** `belay georep create SRC DST` */
export async function create(
  context: Context,
  [source, destination]: readonly [string, string],
  options: CreateOptions,
): Promise<number> {
  const { places, talk, cwd, signal } = context;
  if (options.name !== undefined) requireName(options.name);
  const proposal = await proposeSession(
    places,
    {
      ...options,
      source,
      destination,
      cwd,
      sshKey: options.sshKey ?? options.identity,
      sshPort: portOf(options.sshPort),
      options: options.option ?? [],
    },
    signal,
  );
  refuseProblems(context, proposal);
  if (options.dryRun === true) return tellProposal(context, proposal);
  const known = await createSession(places, proposal);
  talk.say(printable(`created ${known.name}: ${shortEnd(known.source)} to ${shortEnd(known.destination)}`));
  talk.tell({ event: "created", name: known.name, id: known.id, folder: known.folder });
  talk.say(`start it: belay georep start ${known.name}`);
  return 0;
}

// Every problem has its line; the last one ends the command.
function refuseProblems({ talk }: Context, { problems }: Proposal): void {
  const last = problems.at(-1);
  for (const problem of problems.slice(0, -1)) talk.complain(problem);
  if (last !== undefined) throw last;
}

function tellProposal({ talk }: Context, { known, options }: Proposal): number {
  talk.say(`would create ${known.name} in ${known.folder}`);
  talk.say(`  source       ${endText(known.source)}`);
  talk.say(`  destination  ${endText(known.destination)}`);
  for (const [name, value] of options) talk.say(`  ${name} = ${value}`);
  talk.tell({ event: "would-create", name: known.name, folder: known.folder, options: Object.fromEntries(options) });
  return 0;
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new BelayError("EUSAGE", `'${text}' is no port`, { hint: "--ssh-port is a number from 1 to 65535" });
}

function requireName(name: string): void {
  if (/^[A-Za-z0-9][\w.-]{0,63}$/.test(name)) return;
  throw new BelayError("EUSAGE", `'${name}' cannot be the name of a session`, {
    hint: "letters, digits, dot, dash and underscore, 64 at most; a letter or digit first",
  });
}

/** Options of `belay georep key`. */
export interface KeyOptions extends CommonOptions {
  readonly identity?: string;
  readonly remoteGsyncd?: string;
}

/** `belay georep key SRC DST` */
export async function key(
  { places, talk, cwd }: Context,
  [source, destination]: readonly [string, string],
  { identity, remoteGsyncd }: KeyOptions,
): Promise<number> {
  const known = sessionOfPair(places, parseEnds(source, destination, cwd));
  if (known.destination.scheme !== "ssh") {
    throw new BelayError("EUSAGE", `${shortEnd(known.destination)} is on this machine: no key is needed`, {
      hint: "give a destination on another one, user@host:/dst",
    });
  }
  const { file, line } = await sessionKey(places, known, { identity, gsyncd: remoteGsyncd });
  talk.tell({ key: file, authorizedKeysLine: line, destination: pathOf(known.destination) });
  talk.say(line);
  const { user, host } = known.destination;
  if (!talk.json && talk.isTerminal) {
    talk.warn(
      `Add this line to ~/.ssh/authorized_keys of ${user ?? "the user"} at ${host}; it lets ${file} do nothing else.`,
    );
  }
  return 0;
}
