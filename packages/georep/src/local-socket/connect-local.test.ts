import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";

import { openLedger, tempDir } from "@belay/supervise";
import { expect, test } from "vitest";

import { connectLocal } from "./connect-local.ts";

test("who ends before he takes a connection, and who has gone, do not listen", async () => {
  await using ledger = await openLedger();
  await using directory = await tempDir(ledger);
  const path = join(directory.path, "x.sock");
  expect(await connectLocal(path)).toBeUndefined();
  const server = createServer().listen(path);
  await once(server, "listening");
  // The kernel has it in the queue of the one who listens, who closes that in the same turn.
  const connecting = connectLocal(path);
  server.close();
  expect(await connecting).toBeUndefined();
  expect(await connectLocal(join(path, "below"))).toBeUndefined();
});
