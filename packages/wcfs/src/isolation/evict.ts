import { BelayError } from "@belay/supervise";
import type { ClientProcess } from "./client-process.ts";
import type { IsolationWorld } from "./world.ts";

/** How a client failed to answer a pin. */
export type PinFailure =
  /** It answered something else than `ack`. */
  | { readonly kind: "violation"; readonly text: string }
  /** It did not answer in time. */
  | { readonly kind: "timeout"; readonly text: string }
  /** The link broke. The client may just be ending: it is given until `deadline` (on the world's clock) for that. */
  | { readonly kind: "broken"; readonly text: string; readonly deadline: number };

/** What became of the client. */
export type Eviction = "ended-by-itself" | "killed" | "survived";

/** Who wants to know how an eviction goes. */
export interface EvictionObserver {
  /** The client is about to be killed. What it waits for in the kernel has to be answered, or it cannot end. */
  killing(): void;
  /** Called once, last; with "survived" only after the world was told to fail. */
  over(end: Eviction): void;
}

/** Milliseconds a client whose link broke has at most to end by itself. */
const graceForEnding = 3000;

/** Milliseconds a process is given at least to be gone after SIGKILL: a machine may be busy. */
const graceAfterKill = 2000;

const SIGBUS = 7;
const SIGKILL = 9;

/**
 * Sees to it that a client that did not answer a pin never computes on wrong data: it ends, or is killed.
 *
 * SIGBUS first (it is what an unreadable mapping would give), SIGKILL after a sixth of the pin timeout; when the process still lives after
 * another sixth, or two seconds, the world fails.
 */
export function evict(
  world: IsolationWorld,
  client: ClientProcess,
  failure: PinFailure,
  observer: EvictionObserver,
): void {
  const kill = () => killClient(world, client, failure, observer);
  if (failure.kind === "violation") return kill();
  const grace = failure.kind === "timeout" ? 0 : Math.min(graceForEnding, failure.deadline - world.now());
  whenEnded(world, client, grace, (ended) => (ended ? observer.over("ended-by-itself") : kill()));
}

function killClient(
  world: IsolationWorld,
  client: ClientProcess,
  failure: PinFailure,
  observer: EvictionObserver,
): void {
  const log = (text: string) => world.log("error", `pid${client.pid}: ${text}`);
  log(`client failed to handle pin notification correctly and timely in ${world.pinTimeout / 1000}s: ${failure.text}`);
  log("it would compute on data of the wrong moment: terminating it so that others can go on");
  const give = (signal: number, name: string): boolean => {
    log(`<- ${name}`);
    try {
      client.signal(signal);
      return true;
    } catch (error) {
      log(`cannot be signalled: ${String(error)}`);
      return false;
    }
  };
  const ended = () => {
    log("terminated");
    observer.over("killed");
  };
  const survived = () => {
    world.fail(
      new BelayError("EUNKILLABLE", `client process ${client.pid} did not answer a pin and cannot be killed`, {
        hint: "it is stuck in the kernel, or belongs to another user",
      }),
    );
    observer.over("survived");
  };
  observer.killing();
  if (!give(SIGBUS, "SIGBUS")) return survived();
  whenEnded(world, client, world.pinTimeout / 6, (gone) => {
    if (gone) return ended();
    log("is still alive after SIGBUS");
    if (!give(SIGKILL, "SIGKILL")) return survived();
    whenEnded(world, client, Math.max(graceAfterKill, world.pinTimeout / 6), (goneNow) =>
      goneNow ? ended() : survived(),
    );
  });
}

/** Calls back with whether the process has ended, as soon as it has, or after so many milliseconds. */
function whenEnded(world: IsolationWorld, client: ClientProcess, wait: number, then: (ended: boolean) => void): void {
  if (!client.alive() || wait <= 0) return then(!client.alive());
  let told = false;
  const tell = (ended: boolean) => {
    if (told) return;
    told = true;
    watch.stop();
    timer.cancel();
    then(ended);
  };
  const watch = world.watchFd(client.fd, () => tell(true));
  const timer = world.after(wait, () => tell(!client.alive()));
}
