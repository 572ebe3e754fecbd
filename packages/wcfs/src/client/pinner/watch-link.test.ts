import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BelayError } from "@belay/supervise";
import { expect, test } from "vitest";
import { WatchLink } from "./watch-link.ts";

/** A link whose writes go to a file. */
function linkToFile() {
  const directory = mkdtempSync(join(tmpdir(), "belay-test-"));
  const path = join(directory, "link");
  const fd = openSync(path, "w");
  const log: string[] = [];
  const link: WatchLink = new WatchLink(fd, {
    request: (stream, message) => {
      log.push(`request ${message}`);
      link.reply(stream, "ack");
    },
    control: (message) => log.push(`control ${message}`),
    down: (error) => log.push(`down ${error?.message ?? "well"}`),
  });
  return {
    link,
    log,
    answer: (reply: string | BelayError) => void log.push(reply instanceof BelayError ? reply.message : reply),
    push: (text: string) => link.push(Buffer.from(text)),
    written: () => readFileSync(path, "latin1"),
    [Symbol.dispose]: () => {
      closeSync(fd);
      rmSync(directory, { recursive: true });
    },
  };
}

test("requests go out on odd streams, and replies find them in any order, cut anywhere", () => {
  using made = linkToFile();
  const { link, log, answer, push, written } = made;
  link.ask("watch a", (reply) => answer(`a: ${String(reply)}`));
  link.ask("watch b", (reply) => answer(`b: ${String(reply)}`));
  push("3 o");
  push("k\n2 pin x\n1 error");
  push(" no such file\n");
  expect(log).toEqual(["b: ok", "request pin x", "a: error no such file"]);
  expect(written()).toBe("1 watch a\n3 watch b\n2 ack\n");
});

test("after bye the server's end is a good one, and nothing can be asked any more", () => {
  using made = linkToFile();
  const { link, log, answer, written } = made;
  link.ask("watch a", answer);
  link.bye();
  link.bye();
  link.ask("watch b", answer);
  link.ended();
  expect(log).toEqual(["link is down", "down well", "link is down"]);
  expect(written()).toBe("1 watch a\n3 bye\n");
});

test.each([
  ["7 ok\n", "7: reply on unexpected stream"],
  ["zzz\n", 'invalid frame: "zzz\\n"'],
  ["zzz hello\n", 'invalid frame: "zzz hello\\n" (invalid stream)'],
  ["1".repeat(70_000), "input line is too long"],
])("%.20s takes the link down, once", (text, why) => {
  using made = linkToFile();
  const { link, log, answer, push } = made;
  link.ask("watch a", answer);
  push(text);
  push("1 ok\n");
  link.ended();
  expect(log).toEqual([`down ${why}`, "link is down"]);
});

test("an end that nobody asked for is an error, and the server's last words are told", () => {
  using made = linkToFile();
  const { link, log, push } = made;
  push("0 error: because\n");
  link.ended();
  expect(log).toEqual(["control error: because", "down unexpected EOF"]);
  using other = linkToFile();
  other.link.ended("ENOTCONN");
  expect(other.log).toEqual(["down ENOTCONN: the server is gone"]);
});
