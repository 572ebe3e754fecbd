import { createServer } from "node:net";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { agentPlaces } from "../agent/agent-places.ts";
import { encodeLine, greeting, report } from "../agent/messages.ts";
import { Journal } from "../journal/journal.ts";
import { dirty } from "../journal/record.ts";
import { connectToAgent } from "./agent-feed.ts";

test("what an agent tells in the same breath as its greeting is heard: there may be no other word of it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "belay-agent-feed-"));
  const places = agentPlaces(directory);
  using journal = new Journal(places.journal);
  const start = journal.end;
  journal.append([
    { kinds: dirty.entry, directory: Buffer.from("d"), name: Buffer.from("n"), object: Buffer.alloc(0) },
  ]);
  const greeted = encodeLine(greeting, { incarnation: "i", kind: "fanotify", end: start, pid: process.pid });
  const told = encodeLine(report, { end: journal.end });
  const trouble = encodeLine(report, { trouble: { code: "ENOSPC", message: "full" } });
  const server = createServer((socket) => socket.write(greeted + told + trouble)).listen(places.socket);
  await once(server, "listening");
  try {
    await using feed = await connectToAgent(directory);
    expect(feed.end).toEqual(journal.end);
    expect(feed.read(start).records).toHaveLength(1);
    expect(feed.trouble).toMatchObject({ code: "ENOSPC" });
  } finally {
    server.close();
    rmSync(directory, { recursive: true });
  }
});
