import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { close, open, O_RDONLY } from "@belay/linux";
import { expect, test } from "vitest";

import { fileIdAt } from "../../packages/georep/src/ids/file-id.ts";
import { makePair } from "./replica.ts";

const program = fileURLToPath(new URL("./hostile-secondary.child.ts", import.meta.url));

test.for(["pickle", "noise", "length", "answers", "want", "name", "left"])(
  "a receiving end that means harm (%s) gets nothing but what is replicated, and ends the worker with an error of the protocol",
  async (harm) => {
    using pair = makePair();
    fs.writeFileSync(join(pair.source, "f"), "told");
    fs.mkdirSync(join(pair.source, "d"));
    fs.writeFileSync(join(pair.source, "d", "f"), "told");
    const secret = join(pair.base, "secret");
    if (harm === "left") fs.mkdirSync(secret);
    fs.writeFileSync(harm === "left" ? join(secret, "f") : secret, "not to be told");
    const got = join(pair.base, "got");
    fs.writeFileSync(got, "");
    const command = [process.execPath, program, harm, idOf(secret), got];
    const codes: unknown[] = [];
    try {
      await using worker = await pair.start({ secondaryCommand: command });
      await worker.ended;
    } catch (error) {
      for (let each: unknown = error; each instanceof Error; each = each.cause)
        codes.push("code" in each ? each.code : each.message);
    }
    expect(codes.at(-1)).toBe("EPROTO");
    if (["want", "name", "left"].includes(harm)) expect(fs.readFileSync(got, "latin1")).toContain("told");
    expect(fs.readFileSync(got, "latin1")).not.toContain("not to be told");
  },
);

function idOf(path: string): string {
  const fd = open(path, O_RDONLY);
  try {
    return fileIdAt(fd, "").toString("hex");
  } finally {
    close(fd);
  }
}
