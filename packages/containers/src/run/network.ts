import { randomUUID } from "node:crypto";
import type { Ledger } from "@belay/supervise";
import { outputOf } from "../engine/call.ts";
import type { Engine } from "../engine/engine.ts";
import { labels } from "../engine/labels.ts";
import { recordEngine } from "../engine/recorded-engine.ts";

/** A network for one run. */
export interface OwnNetwork extends AsyncDisposable {
  readonly name: string;
}

/** Makes a network that goes with its scope; the ledger knows it before the engine does. @throws BelayError `EENGINE` */
export async function ownNetwork(ledger: Ledger, engine: Engine): Promise<OwnNetwork> {
  const instance = randomUUID().replaceAll("-", "");
  const name = `belay-${instance.slice(0, 12)}`;
  const entry = await ledger.intend({ kind: "network", instance, ...recordEngine(engine) });
  await outputOf(engine, ["network", "create", "--label", `${labels.network}=${instance}`, name]);
  await entry.acquired();
  return { name, [Symbol.asyncDispose]: () => entry.release() };
}
