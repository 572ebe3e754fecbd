import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Gate } from "./gate.ts";

test("many are in together, one alone, and nobody overtakes who waits", async () => {
  const gate = new Gate();
  const log: string[] = [];
  const visit = (name: string, ms: number) => async () => {
    log.push(`+${name}`);
    await sleep(ms);
    log.push(`-${name}`);
  };
  await Promise.all([
    gate.together(visit("a", 20)),
    gate.together(visit("b", 5)),
    gate.alone(visit("C", 1)),
    gate.together(visit("d", 1)),
    gate.alone(visit("E", 1)),
  ]);
  expect(log).toEqual(["+a", "+b", "-b", "-a", "+C", "-C", "+d", "-d", "+E", "-E"]);
});

test("who fails lets the next in", async () => {
  const gate = new Gate();
  const fail = () => Promise.reject(new Error("on purpose"));
  await expect(gate.together(fail)).rejects.toThrow("on purpose");
  await expect(gate.alone(fail)).rejects.toThrow("on purpose");
  await expect(gate.alone(() => Promise.resolve(1))).resolves.toBe(1);
  await expect(gate.together(() => Promise.resolve(2))).resolves.toBe(2);
});
