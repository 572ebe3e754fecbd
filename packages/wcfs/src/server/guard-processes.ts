import { spawn, type ChildProcess } from "node:child_process";

/**
 * What `ps` shows first. Both outlive what is sent to whole groups of processes: their server may be killed a moment later, because it
 * did not end.
 */
const STAY = `# frees the users of a wcfs server that is killed
trap "" HUP INT QUIT TERM`;

/**
 * Waits for the end of the witness, and aborts the connection if the server is a zombie by then: its main thread has ended, and
 * another cannot. Of a server that is gone the kernel has ended the connection, and one that runs has only lost its witness.
 *
 * A number that stands for another process by now does no harm: the switch is that of one connection, and has no effect once that is over.
 */
const GUARD = `${STAY}
read -r _
for _ in 1 2 3 4 5 6 7 8 9 10; do
  read -r line < "/proc/$1/stat" || exit 0
  rest=\${line##*) }
  [ "\${rest%% *}" = Z ] && echo 1 >&3 && exit 0
  sleep 0.05
done`;

/**
 * What ends when the server's main thread does, and not before.
 *
 * Not by a pipe from the server, whose descriptors stay open for as long as any of its threads is stuck. And not the guard itself: a
 * signal that comes right before it waits would be lost.
 */
const witnesses = {
  /** The kernel kills it, because the thread that started it has ended (PR_SET_PDEATHSIG). */
  told: {
    command: ["setpriv", "--pdeathsig", "KILL", "/bin/sh"],
    script: `${STAY}; [ "$PPID" = "$1" ] && exec sleep 2147483647`,
  },
  /** For machines without such a setpriv: it looks at the server every second. A server that is gone is nobody's parent. */
  looking: {
    command: ["/bin/sh"],
    script: `${STAY}
while read -r own < /proc/self/stat && read -r line < "/proc/$1/stat"; do
  own=\${own##*) } own=\${own#* } line=\${line##*) }
  [ "\${own%% *}" = "$1" ] && [ "\${line%% *}" != Z ] || exit 0
  sleep 1
done`,
  },
} as const;

/** How the witness notices the server's end. */
export type WitnessKind = keyof typeof witnesses;

/** Guard and witness. */
export interface GuardProcesses extends AsyncDisposable {
  /** Both have ended: when one ends the other has to, too. */
  readonly ended: Promise<void>;
}

/**
 * Starts a guard and its witness, each in a session of its own, with nothing of the server's but the switch.
 *
 * @param abortFd the connection's `abort` file, open for writing
 */
export function startGuardProcesses(abortFd: number, kind: WitnessKind): GuardProcesses {
  const { command, script } = witnesses[kind];
  const guard = start(["/bin/sh"], GUARD, "wcfs-guard", ["pipe", "ignore", "ignore", abortFd]);
  const witness = start(command, script, "wcfs-witness", ["ignore", guard.stdin ?? "ignore", "ignore"]);
  guard.stdin?.destroy();
  const both = [guard, witness];
  const kill = () => both.forEach((child) => child.kill("SIGKILL"));
  const ends = both.map(endOf);
  return {
    ended: Promise.race(ends).then(async () => {
      kill();
      await Promise.all(ends);
    }),
    async [Symbol.asyncDispose]() {
      for (const child of both) child.ref();
      kill();
      await Promise.all(ends);
    },
  };
}

type Stdio = readonly ("pipe" | "ignore" | number | NonNullable<ChildProcess["stdin"]>)[];

function start(command: readonly string[], script: string, name: string, stdio: Stdio): ChildProcess {
  const [program = "", ...args] = command;
  const path = [process.env["PATH"], "/usr/bin", "/bin"].filter(Boolean).join(":");
  const child = spawn(program, [...args, "-c", script, name, String(process.pid)], {
    cwd: "/",
    detached: true,
    env: { PATH: path },
    stdio: [...stdio],
  });
  child.unref();
  return child;
}

/** Resolves when the process has ended, or could not be started. */
function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
}
