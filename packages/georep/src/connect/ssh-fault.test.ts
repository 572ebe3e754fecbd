import { expect, test } from "vitest";

import { secondaryFault } from "./ssh-fault.ts";

const exit = (code: number) => ({ code, signal: undefined });

test.each([
  [255, "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\r\n", "host-key"],
  [255, "No ED25519 host key is known for h and you have requested strict checking.", "host-key"],
  [255, "u@h: Permission denied (publickey).\r\n", "permission"],
  [255, "ssh: connect to host h port 22: Connection refused\r\n", "unreachable"],
  [255, "ssh: Could not resolve hostname nowhere: Name or service not known", "unreachable"],
  [255, "ssh: connect to host h port 22: Connection timed out", "unreachable"],
  [255, "something ssh never said before", "connection"],
  [127, "bash: line 1: /nonexistent/gsyncd: No such file or directory", "no-program"],
  [1, "invoking gsyncd in restricted SSH session is not allowed", "refused"],
  [1, "this key is for another session", "refused"],
  [1, "gsyncd: EACCES: permission denied, mkdir '/dst'", "secondary"],
] as const)("exit code %i and %j are the reason %s", (code, stderr, reason) => {
  const fault = secondaryFault(exit(code), true, stderr);
  expect(fault.reason).toBe(reason);
  expect(fault.message).toContain(`exit code ${code}`);
});

test("without ssh, 255 is what the program itself ended with", () => {
  expect(secondaryFault(exit(255), false, "Permission denied").reason).toBe("secondary");
});

test("a message has the last lines that say something, in one line", () => {
  const { message } = secondaryFault({ code: undefined, signal: "SIGKILL" }, false, "1\n2\n\r\n3\n4\n");
  expect(message).toBe("the receiving end was killed by SIGKILL: 2 / 3 / 4");
});
