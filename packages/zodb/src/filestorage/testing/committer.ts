/**
 * Commits to a database until it is killed: each transaction writes the objects of one round. Prints every tid that was finished.
 *
 * Arguments: path.
 */
import { writeLine } from "@belay/supervise";
import { transactionMeta } from "../../storage.ts";
import { openFileStorage } from "../open.ts";

const storage = await openFileStorage(process.argv[2] ?? "", { readOnly: false, create: true });
for (let round = 1; ; round++) {
  const txn = storage.begin(transactionMeta({ description: `round ${round}` }));
  for (let i = 0n; i < 20n; i++) {
    let serial = 0n;
    try {
      serial = storage.loadBefore(i, storage.lastTid() + 1n)?.serial ?? 0n;
    } catch {
      // New.
    }
    txn.store(
      i,
      serial,
      Buffer.concat([
        Buffer.from("\x80\x03cpersistent.mapping\nPersistentMapping\n.\x80\x03}.", "latin1"),
        Buffer.alloc(round % 3000),
      ]),
    );
  }
  const tid = txn.finish();
  writeLine(1, `${tid.toString(16).padStart(16, "0")}\n`);
}
