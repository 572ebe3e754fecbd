import fc from "fast-check";
import { expect, test } from "vitest";

import { DirectQueue } from "./direct-queue.ts";

const portion = 256 * 1024;

test("what is taken is what was pushed, however it is cut, and a queue that is full waits", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: portion }), { minLength: 1, maxLength: 40 });
  const ahead = fc.array(fc.boolean(), { minLength: 60, maxLength: 60 });
  const wanted = fc.array(fc.integer({ min: 1, max: 3 * portion }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(sizes, wanted, ahead, async (pushes, takes, isAhead) => {
      const stream = Buffer.alloc(pushes.reduce((a, b) => a + b, 0)).map((_, at) => (at * 31 + (at >> 11)) & 0xff);
      let [pushed, at] = [0, 0];
      const pushAll = () => {
        for (let room = true; room && at < pushes.length; at++) {
          const size = pushes[at] ?? 0;
          room = queue.push(stream.subarray(pushed, pushed + size));
          pushed += size;
        }
        if (at === pushes.length) queue.end();
      };
      // As one who works on what was taken looks for more: it stays what it was.
      const readAhead = () => {
        const size = pushes[at] ?? 0;
        const { room } = queue;
        if (size === 0 || room.length < size) return;
        room.set(stream.subarray(pushed, pushed + size));
        queue.took(size);
        pushed += size;
        if (++at === pushes.length) queue.end();
      };
      const queue = new DirectQueue(portion, () => void setImmediate(pushAll));
      setImmediate(pushAll);
      let taken = 0;
      for (const [index, size] of takes.entries()) {
        if (taken + size > stream.length) break;
        const bytes = await queue.take(size);
        if (isAhead[index] === true) readAhead();
        expect(bytes?.equals(stream.subarray(taken, taken + size))).toBe(true);
        taken += size;
      }
      if (taken < stream.length)
        await expect(queue.take(stream.length - taken + 1)).rejects.toThrow("ended within a message");
      else expect(await queue.take(1)).toBeUndefined();
    }),
    { numRuns: 30 },
  );
});

test("an error of the connection is told once all that came is taken", async () => {
  const queue = new DirectQueue(16, () => undefined);
  queue.push(Buffer.from("ab"));
  queue.end(new Error("broken"));
  expect((await queue.take(2))?.toString()).toBe("ab");
  await expect(queue.take(1)).rejects.toThrow("broken");
});
