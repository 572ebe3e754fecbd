import type { ExitStatus } from "@belay/supervise";

import type { Fault } from "../monitor/fault.ts";

/** Exit code of ssh for whatever went wrong before the command on the other machine ran. */
const sshFailed = 255;
/** Exit code of a shell that does not find a program, and ours when one cannot be run. */
const noProgram = 127;

const sshSays: readonly (readonly [RegExp, Fault["reason"], string])[] = [
  [
    /Host key verification failed|HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known/i,
    "host-key",
    "connect once by hand with the same ssh options and compare the fingerprint, or mend known_hosts",
  ],
  [
    /Permission denied|Too many authentication failures|no mutual signature/i,
    "permission",
    "see that the public key is in authorized_keys of that user there, and that ssh-options name the private one",
  ],
  [
    /Could not resolve|Connection refused|No route to host|unreachable|timed out|Connection closed|Connection reset|kex_exchange/i,
    "unreachable",
    "see that the host is up and sshd listens at ssh-port",
  ],
];

/**
 * What became of a receiving end that ended before it was connected, or afterwards by itself.
 *
 * @param viaSsh  whether ssh started it
 * @param stderr  the end of what it said
 */
export function secondaryFault(end: ExitStatus | undefined, viaSsh: boolean, stderr: string): Fault {
  const said = lastLines(stderr);
  const message = `the receiving end ${howItEnded(end)}${said === "" ? "" : `: ${said}`}`;
  const fault = (reason: Fault["reason"], hint?: string): Fault => ({ reason, code: "ESECONDARY", message, hint });
  if (viaSsh && end?.code === sshFailed) {
    const [, reason, hint] = sshSays.find(([pattern]) => pattern.test(stderr)) ?? [undefined, "connection", undefined];
    return fault(reason, hint);
  }
  if (end?.code === noProgram) {
    const hint = viaSsh
      ? 'tie the key to the program there (command="…/gsyncd" in authorized_keys), or set remote-gsyncd'
      : "check remote-gsyncd";
    return fault("no-program", hint);
  }
  if (
    /restricted SSH session|disallowed \w+ invocation|is not allowed|this key is for|configuration of this machine/i.test(
      stderr,
    )
  )
    return fault("refused", "see how the key is restricted in authorized_keys there");
  return fault("secondary");
}

function howItEnded(end: ExitStatus | undefined): string {
  if (end === undefined) return "does not answer";
  return end.signal === undefined ? `ended with exit code ${end.code ?? "?"}` : `was killed by ${end.signal}`;
}

/** The last three lines that say something, as one. */
function lastLines(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  const isNews = (line: string) => line !== "" && !line.startsWith("Warning: Permanently added ");
  return lines.filter(isNews).slice(-3).join(" / ").slice(-1000);
}
