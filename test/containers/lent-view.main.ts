/** `belay container` with a database view that is a plain folder, named in LENT_VIEW: for the tests of what happens around it. */
import { appendFileSync } from "node:fs";
import { containerMain } from "@belay/containers";

const folder = process.env["LENT_VIEW"] ?? "";

process.exitCode = await containerMain(process.argv.slice(2), {
  mountWcfs: ({ zurl, tid = "03e8000000000001" }) => {
    appendFileSync(`${folder}.log`, `mount ${zurl} ${tid}\n`);
    return Promise.resolve({
      path: folder,
      tid,
      [Symbol.asyncDispose]: () => {
        appendFileSync(`${folder}.log`, `unmount ${tid}\n`);
        return Promise.resolve();
      },
    });
  },
});
