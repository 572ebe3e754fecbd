import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Agent } from "./agent.ts";
import type { WatchLinkClient } from "./watch-link-client.ts";
import type { IsolationWorld } from "./world.ts";

/** Long enough for a read that need not wait for anybody. */
const A_WHILE = 150;

/** A read that is under way. */
export interface PendingRead {
  readonly text: Promise<string>;
  readonly isDone: () => boolean;
}

/** Starts to read a block under head. */
export function startRead(
  world: IsolationWorld,
  blk: number,
  options: { agent?: Agent; file?: string } = {},
): PendingRead {
  let done = false;
  const text = world.read(blk, { ...options, timeout: 20_000 }).finally(() => (done = true));
  text.catch(() => undefined);
  return { text, isDone: () => done };
}

/** Checks that a read waits. */
export async function expectWaiting(read: PendingRead): Promise<void> {
  await sleep(A_WHILE);
  expect(read.isDone()).toBe(false);
}

/**
 * Reads a block and checks that each link gets its pin and no other link any, and that the read ends only with the last ack.
 *
 * @param expected the revision each link is to pin
 * @returns what was read
 */
export async function readWithPins(
  world: IsolationWorld,
  blk: number,
  expected: readonly (readonly [WatchLinkClient, string])[],
  options: { agent?: Agent; file?: string } = {},
): Promise<string> {
  const read = startRead(world, blk, options);
  for (const [index, [link, rev]] of expected.entries()) {
    const pin = await link.pin();
    expect({ blk: pin.blk, rev: pin.rev, oid: pin.oid }).toEqual({ blk, rev, oid: options.file ?? world.file });
    if (index === expected.length - 1) await expectWaiting(read);
    await link.ack(pin);
  }
  return read.text;
}
