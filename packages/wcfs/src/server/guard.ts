import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mountControl, type Logger } from "@belay/supervise";

/**
 * Ends when the thread that started it does, and never before: the kernel kills it then (PR_SET_PDEATHSIG). Not by a pipe from the server,
 * whose descriptors stay open for as long as any of its threads is stuck.
 */
const WITNESS = '[ "$PPID" = "$1" ] && exec sleep infinity';

/**
 * Waits for the end of the witness, and aborts the connection if the server is a zombie by then: its main thread has ended, and
 * another cannot. Of a server that is gone the kernel has ended the connection, and one that runs has only lost its witness.
 */
const GUARD = `read -r _
for _ in 1 2 3 4 5 6 7 8 9 10; do
  read -r line < "/proc/$1/stat" || exit 0
  rest=\${line##*) }
  [ "\${rest%% *}" = Z ] && echo 1 >&3 && exit 0
  sleep 0.05
done`;

/** Milliseconds: a witness that does not live as long will not do so the next time either. */
const HOPELESS = 1000;

/**
 * Frees the users of a mount whose server is killed.
 *
 * The notify thread may wait in the kernel for a page that a READ has locked. A thread that waits so survives even SIGKILL, and with it the
 * process and its connection: nobody would ever answer the READ. Only who is not the server can end such a connection.
 *
 * Two small processes, in a session of their own, that end by themselves when the server does, however it ends.
 *
 * @param connection number of the FUSE connection
 * @returns to be disposed of when the server has let go of the connection; undefined, with a warning, where connections cannot be aborted
 */
export function guardConnection(connection: number, log: Logger): Disposable | undefined {
  let abortFd: number;
  try {
    mountControl();
    abortFd = openSync(`/sys/fs/fuse/connections/${connection}/abort`, "w");
  } catch (error) {
    log.warn(`if this server is killed its users may hang: ${String(error)}`);
    return undefined;
  }
  let over = false;
  let since = 0;
  const begin = () => {
    since = performance.now();
    return start(abortFd, log, again);
  };
  let pair = begin();
  function again(): void {
    if (over) return;
    const isHopeless = performance.now() - since < HOPELESS;
    log.warn(
      `what guards the connection has ended: ${isHopeless ? "users may hang if this server is killed" : "once more"}`,
    );
    if (!isHopeless) pair = begin();
  }
  return {
    [Symbol.dispose]: () => {
      over = true;
      for (const child of pair) child.kill("SIGKILL");
      closeSync(abortFd);
    },
  };
}

function start(abortFd: number, log: Logger, onEnd: () => void): readonly ChildProcess[] {
  const options = { cwd: "/", detached: true, env: { PATH: `${process.env["PATH"] ?? ""}:/usr/bin:/bin` } } as const;
  const pid = String(process.pid);
  const guard = spawn("sh", ["-c", GUARD, "wcfs-guard", pid], {
    ...options,
    stdio: ["pipe", "ignore", "ignore", abortFd],
  });
  const witness = spawn("setpriv", ["--pdeathsig", "KILL", "sh", "-c", WITNESS, "wcfs-witness", pid], {
    ...options,
    stdio: ["ignore", guard.stdin, "ignore"],
  });
  guard.stdin?.destroy();
  for (const child of [guard, witness]) {
    child.on("error", (error) => log.warn(`if this server is killed its users may hang: ${String(error)}`));
    child.unref();
  }
  witness.once("exit", onEnd);
  return [guard, witness];
}
