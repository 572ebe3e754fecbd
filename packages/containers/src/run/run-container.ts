import { randomUUID } from "node:crypto";
import type { LedgerHandle } from "@belay/supervise";
import type { Talk } from "../cli/talk.ts";
import { call, outputOf } from "../engine/call.ts";
import type { Engine } from "../engine/engine.ts";
import { labels } from "../engine/labels.ts";
import { recordEngine } from "../engine/recorded-engine.ts";
import type { Scope } from "./owned.ts";

/** What to run. */
export interface RunRequest {
  /** Options of the engine, image, command. */
  readonly words: readonly string[];
  /** Leave the container alone when the command fails or we are ended. */
  readonly keep: boolean;
  readonly quiet: boolean;
  readonly asUser: boolean;
  /** With `asUser`: what root gets. The Python tool asks podman for root's own user namespace, which podman refuses. */
  readonly mode: "compatible" | "full";
  readonly stdoutTo?: "stderr";
}

/**
 * Runs a container with a label of its own, and removes it whatever happens.
 *
 * @returns the engine's status, which is the command's, or minus the number of the signal that killed the engine's client
 * @throws the signal's reason when we were told to end
 */
export async function runContainer(engine: Engine, scope: Scope, request: RunRequest, talk: Talk): Promise<number> {
  const instance = randomUUID().replaceAll("-", "");
  const words = request.asUser ? asCurrentUser(engine, request) : request.words;
  const args = ["run", "--rm", "--label", `${labels.instance}=${instance}`, ...words];
  const { quiet, stdoutTo } = request;
  const options = { quiet, ...(stdoutTo === undefined ? {} : { stdoutTo }) };
  if (request.keep) return await call(engine, args, { ...options, signal: scope.signal });
  const entry = await scope.ledger.intend({ kind: "container", instance, ...recordEngine(engine) });
  await entry.acquired();
  // From here on an abort is heard. One that came before is told by nothing else.
  if (scope.signal.aborted) await entry.forget();
  scope.signal.throwIfAborted();
  const status = await callUntilAborted(engine, args, options, scope.signal, entry);
  await settle(engine, status, instance, entry, talk);
  scope.signal.throwIfAborted();
  return status;
}

function asCurrentUser(engine: Engine, { words, mode }: RunRequest): string[] {
  const uid = process.getuid?.() ?? 0;
  // Podman gives containers a user namespace: without this our own files would be somebody else's in it.
  const keepId = engine.command[0] === "podman" && (mode === "compatible" || uid !== 0) ? ["--userns=keep-id"] : [];
  return [...keepId, "-u", String(uid), ...words];
}

// Asking the client to end would have it ask the container, which may not listen. Removing the container ends both.
async function callUntilAborted(
  engine: Engine,
  args: readonly string[],
  options: { readonly quiet: boolean; readonly stdoutTo?: "stderr" },
  signal: AbortSignal,
  entry: LedgerHandle,
): Promise<number> {
  let removal = Promise.resolve();
  // A removal that fails is tried again, and told, when the ledger closes.
  const remove = (): void => {
    removal = entry.release().catch(() => undefined);
  };
  signal.addEventListener("abort", remove, { once: true });
  try {
    return await call(engine, args, options);
  } finally {
    signal.removeEventListener("abort", remove);
    await removal;
  }
}

// `--rm` has removed the container of a command that ended, with one exception the Python tool knows and so do we: an engine that failed may
// have left it running.
async function settle(
  engine: Engine,
  status: number,
  instance: string,
  entry: LedgerHandle,
  talk: Talk,
): Promise<void> {
  if (status === 0) {
    await entry.forget();
    return;
  }
  const filter = `--filter=label=${labels.instance}=${instance}`;
  talk.say(`filter=${filter}`);
  if (status < 0) {
    await entry.release();
    return;
  }
  await removeListed(engine, ["ps", "-q", filter]);
  await entry.forget();
}

/** Removes the containers that a `ps` lists. Those that are gone in the meantime do not matter. */
export async function removeListed(engine: Engine, list: readonly string[]): Promise<string[]> {
  const ids = (await outputOf(engine, list)).split(/\s+/).filter((id) => id !== "");
  for (const id of ids) await call(engine, ["rm", "-f", id], { quiet: true });
  return ids;
}
