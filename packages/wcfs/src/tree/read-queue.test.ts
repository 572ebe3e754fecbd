import { errno } from "@belay/linux";
import { expect, test } from "vitest";
import { NotedAnswer } from "../isolation/testing/manual-world.ts";
import { ReadQueue } from "./read-queue.ts";

function read(queue: ReadQueue, size = 100): NotedAnswer<Uint8Array> {
  const answer = new NotedAnswer<Uint8Array>(1);
  queue.read(size, answer);
  return answer;
}

const text = (answer: NotedAnswer<Uint8Array>) => (answer.value === undefined ? undefined : String(answer.value));

test("a read gets one message, or the part it asked for, and waits while there is none", () => {
  const queue = new ReadQueue();
  const [first, second] = [read(queue), read(queue)];
  let wasRead = false;
  queue.push(Buffer.from("one\n"));
  queue.push(Buffer.from("two\n"), () => (wasRead = true));
  expect([text(first), text(second), wasRead]).toEqual(["one\n", "two\n", true]);
  wasRead = false;
  queue.push(Buffer.from("three\n"), () => (wasRead = true));
  queue.push(Buffer.from("four\n"));
  expect([text(read(queue, 3)), wasRead, queue.backlog]).toEqual(["thr", false, 2]);
  expect([text(read(queue, 3)), wasRead, text(read(queue))]).toEqual(["ee\n", true, "four\n"]);
});

test("a read that is interrupted takes nothing with it", () => {
  const queue = new ReadQueue();
  const [first, second] = [read(queue), read(queue)];
  first.interrupt();
  expect(first.error).toBe(errno.EINTR);
  queue.push(Buffer.from("one\n"));
  expect(text(second)).toBe("one\n");
  first.interrupt();
});

test("after the end what is left can be read, then nothing, at once", () => {
  const queue = new ReadQueue();
  queue.push(Buffer.from("last\n"));
  queue.end();
  queue.push(Buffer.from("too late\n"));
  expect([text(read(queue)), text(read(queue)), text(read(queue))]).toEqual(["last\n", "", ""]);
});
