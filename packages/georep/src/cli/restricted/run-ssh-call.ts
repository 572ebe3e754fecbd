import { basename, join } from "node:path";
import { BelayError } from "@belay/supervise";
import { createConfig } from "../../config/config.ts";
import { machineDefaults } from "../../config/machine-defaults.ts";
import { placesOf } from "../../session/places.ts";
import { checkNetwork } from "./allow-network.ts";
import { allowSshCall, type SshCall } from "./ssh-call.ts";

/** A command that came through ssh, and how its key is restricted. */
export interface SshRequest {
  readonly command: string;
  /** Id of the only session the key is for. */
  readonly owner: string | undefined;
  /** Networks the key may be used from, besides what this machine's configuration says. */
  readonly networks: string | undefined;
  /** Folders the key is for; undefined: any its user may write to. */
  readonly roots: readonly string[] | undefined;
}

/**
 * What ssh was asked to run, when this process was started as a key's forced command or as somebody's login shell.
 *
 * glusterd's own calls are none (`_GLUSTERD_CALLED_=1`), nor are those this program makes itself (`_GSYNCD_DISPATCHED_`). A forced command
 * may restrict its key further: `gsyncd --only-session=<id> --only-network=<networks> --only-root=<folder>`, the last as often as there are folders.
 */
export function sshRequestOf(argv: readonly string[], env: NodeJS.ProcessEnv): SshRequest | undefined {
  if (env["_GLUSTERD_CALLED_"] === "1" || env["_GSYNCD_DISPATCHED_"] !== undefined) return undefined;
  const command = env["SSH_ORIGINAL_COMMAND"] ?? shellCommand(argv, env);
  if (command === undefined) {
    // Not config-get's --only-value.
    if (!argv.some((word) => /^--only-(?:session|network|root)(?:=|$)/.test(word))) return undefined;
    throw new BelayError("ERESTRICTED", "this key is for replication: no shell is given, and no command was");
  }
  // A restriction that nobody understands must not leave the key without one.
  const unknown = argv.find((word) => word.startsWith("--only-") && !/^--only-(?:session|network|root)=./.test(word));
  if (unknown !== undefined) throw new BelayError("ERESTRICTED", `'${unknown}' is no restriction of a key`);
  const values = (name: string) =>
    argv.filter((word) => word.startsWith(`${name}=`)).map((word) => word.slice(name.length + 1));
  const [owner] = values("--only-session");
  const [networks] = values("--only-network");
  const roots = values("--only-root");
  return { command, owner, networks, roots: roots.length === 0 ? undefined : roots };
}

function shellCommand(argv: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  if (basename(env["SHELL"] ?? "") !== "gsyncd" || argv[0] !== "-c" || argv.length !== 2) return undefined;
  return argv[1];
}

/**
 * Checks a command that came through ssh.
 *
 * @returns what to run: arguments of this program, or another program by its path
 * @throws BelayError `ERESTRICTED`
 */
export function checkSshRequest(request: SshRequest, env: NodeJS.ProcessEnv): SshCall & { readonly program?: string } {
  const { values: machine, problems } = machineDefaults(placesOf(env));
  // Closed when in doubt: what cannot be read may well say who is let in.
  if (problems.length > 0) {
    throw new BelayError("ERESTRICTED", `the configuration of this machine cannot be read: ${problems.join("; ")}`);
  }
  const config = createConfig({
    file: "",
    machine,
    session: new Map(),
    commandLine: new Map(),
    variables: new Map(),
    problems: [],
  });
  checkNetwork(config.text("allow-network"), env);
  checkNetwork(request.networks ?? "", env);
  const call = allowSshCall(request.command, env, config, request.owner);
  if (call.kind === "gsyncd") return call;
  return {
    ...call,
    program: call.name === "gluster" ? join(config.text("gluster-command-dir"), "gluster") : `/usr/bin/${call.name}`,
  };
}
