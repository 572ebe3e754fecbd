import { BelayError, ProcessError, run } from "@belay/supervise";
import type { Config } from "../config/config.ts";
import type { SshResource } from "../url/resource.ts";

/** The ssh command that runs words on the other side, with the options a session has for it. */
export function sshArgv(config: Config, { user, host }: SshResource, words: readonly string[]): string[] {
  const port = ["-p", config.text("ssh-port")];
  const target = user === undefined ? host : `${user}@${host}`;
  return [config.text("ssh-command"), ...config.words("ssh-options"), ...port, target, ...words];
}

/** What a session's configuration says of ssh when it is made. */
export function sshOptions({
  key,
  port,
}: {
  key: string | undefined;
  port: number | undefined;
}): Record<string, string> {
  const identity = key === undefined ? "" : ` -oIdentitiesOnly=yes -i ${key}`;
  const options = `-oBatchMode=yes -oPasswordAuthentication=no -oStrictHostKeyChecking=accept-new${identity}`;
  return { "ssh-options": options, ...(port === undefined ? {} : { "ssh-port": String(port) }) };
}

/** Longest wait for an answer from the other side, in milliseconds. */
const answerMs = 30_000;

/**
 * Asks the other side for gsyncd's version: tells whether it can be reached, lets us in, and has gsyncd.
 *
 * @returns what keeps it from working, undefined when nothing does
 */
export async function askRemoteVersion(
  config: Config,
  destination: SshResource,
  signal?: AbortSignal,
): Promise<BelayError | undefined> {
  const gsyncd = config.text("remote-gsyncd") === "" ? "/nonexistent/gsyncd" : config.text("remote-gsyncd");
  const argv = sshArgv(config, destination, [gsyncd, "--version"]);
  try {
    const { stdout } = await run(argv, { signal, timeoutMs: answerMs, stdin: "ignore" });
    return stdout.toString().includes("gsyncd") ? undefined : noGsyncd(destination, gsyncd, stdout.toString());
  } catch (error) {
    if (!(error instanceof ProcessError) || error.isCanceled) throw error;
    return sshProblem(error, config, destination, gsyncd);
  }
}

function sshProblem(error: ProcessError, config: Config, { user, host }: SshResource, gsyncd: string): BelayError {
  const said = lastLine(error.stderr);
  const target = user === undefined ? host : `${user}@${host}`;
  const port = config.text("ssh-port");
  if (error.timedOut) return unreachable(`${target}: no answer within ${answerMs / 1000} s`, error);
  if (error.code === "ENOENT") return unreachable(`${config.text("ssh-command")} cannot be run: ENOENT`, error);
  if (error.exitCode === 127) return noGsyncd({ host }, gsyncd, said);
  if (error.exitCode !== 255) return noGsyncd({ host }, gsyncd, said);
  if (/host key verification failed|identification has changed/i.test(error.stderr.toString())) {
    return new BelayError("EHOSTKEY", `${target}: its host key is not the one that is known`, {
      hint: `find out why, then: ssh-keygen -R ${port === "22" ? host : `'[${host}]:${port}'`}`,
    });
  }
  if (/permission denied|too many authentication failures/i.test(said)) {
    return new BelayError("EAUTH", `${target} does not let us in: ${said}`, {
      hint: "belay georep key SRC DST makes a key and prints the line for the other side's authorized_keys",
    });
  }
  return unreachable(`${target} port ${port} cannot be reached: ${said}`, error);
}

function unreachable(message: string, cause: ProcessError): BelayError {
  return new BelayError("EUNREACHABLE", message, { hint: "check host and --ssh-port", stderr: cause.stderr });
}

function noGsyncd({ host }: Pick<SshResource, "host">, gsyncd: string, said: string): BelayError {
  return new BelayError("ENOGSYNCD", `${host} does not run gsyncd${said.trim() === "" ? "" : `: ${said.trim()}`}`, {
    hint: `install belay there and name its gsyncd with --remote-gsyncd, or in the key's forced command (tried: ${gsyncd})`,
  });
}

function lastLine(bytes: Buffer): string {
  return (
    bytes
      .toString()
      .trim()
      .split(/[\r\n]+/)
      .at(-1) ?? ""
  );
}
