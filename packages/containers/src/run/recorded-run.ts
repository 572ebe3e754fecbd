import { BelayError } from "@belay/supervise";
import type { Talk } from "../cli/talk.ts";
import { call } from "../engine/call.ts";
import type { Engine } from "../engine/engine.ts";
import { digestFor, inspectImages } from "../engine/inspect.ts";
import type { ImageInfo } from "../engine/inspect.ts";
import { ownNetwork } from "./network.ts";
import type { Scope } from "./owned.ts";
import type { RunRecord } from "./record.ts";
import { runContainer } from "./run-container.ts";
import type { MountedView, WcfsMounter, WcfsSpec } from "./wcfs.ts";

/** A run whose record is wanted. */
export interface RecordedRun {
  readonly image: string;
  /** Words for the engine before the image. */
  readonly options: readonly string[];
  readonly command: readonly string[];
  readonly keep: boolean;
  readonly quiet: boolean;
  readonly asUser: boolean;
  readonly privateNetwork: boolean;
  readonly wcfs: WcfsSpec | undefined;
  /** The command's output goes to stderr. */
  readonly machine: boolean;
}

/** What a run works with. */
export interface RunTools {
  readonly engine: Engine;
  readonly scope: Scope;
  readonly talk: Talk;
  readonly mountWcfs: WcfsMounter | undefined;
}

/**
 * Runs a command in an image that is pinned by its id, with a database pinned by its revision.
 *
 * @throws BelayError `ENOIMAGE`, `ENOWCFS`; what mounting throws
 */
export async function recordedRun(tools: RunTools, run: RecordedRun): Promise<RunRecord> {
  const { engine, scope } = tools;
  const image = await findImage(tools, run);
  await using view = await mountView(tools, run.wcfs);
  await using network = run.privateNetwork ? await ownNetwork(scope.ledger, engine) : undefined;
  const mounts = view === undefined ? [] : ["-v", `${view.path}:${run.wcfs?.target ?? ""}:ro`];
  const net = network === undefined ? [] : ["--network", network.name];
  const started = new Date();
  const status = await runContainer(
    engine,
    scope,
    {
      words: [...net, ...mounts, ...run.options, image.id, ...run.command],
      keep: run.keep,
      quiet: run.quiet,
      asUser: run.asUser,
      mode: "full",
      ...(run.machine ? { stdoutTo: "stderr" } : {}),
    },
    { ...tools.talk, say: () => undefined },
  );
  const finished = new Date();
  return {
    version: 1,
    engine: [...engine.command],
    image: run.image,
    imageId: image.id,
    imageDigest: digestFor(image, run.image),
    options: [...run.options],
    command: [...run.command],
    asUser: run.asUser,
    privateNetwork: run.privateNetwork,
    ...(view === undefined || run.wcfs === undefined
      ? {}
      : { wcfs: { zurl: run.wcfs.zurl, tid: view.tid, target: run.wcfs.target } }),
    cwd: process.cwd(),
    exitCode: status < 0 ? 128 - status : status,
    started: started.toISOString(),
    finished: finished.toISOString(),
    ms: finished.getTime() - started.getTime(),
  };
}

async function findImage({ engine, scope }: RunTools, run: RecordedRun): Promise<ImageInfo> {
  const [here] = await inspectImages(engine, [run.image]);
  if (here !== undefined) return here;
  await call(engine, ["pull", run.image], { signal: scope.signal, stdoutTo: "stderr" });
  const [pulled] = await inspectImages(engine, [run.image]);
  if (pulled !== undefined) return pulled;
  throw new BelayError("ENOIMAGE", `there is no image ${run.image}, here or to be pulled`);
}

async function mountView({ mountWcfs, scope }: RunTools, spec: WcfsSpec | undefined): Promise<MountedView | undefined> {
  if (spec === undefined) return undefined;
  if (mountWcfs === undefined) {
    throw new BelayError("ENOWCFS", "this program cannot mount databases", { hint: "use belay container run" });
  }
  return await mountWcfs({ zurl: spec.zurl, tid: spec.tid, signal: scope.signal });
}

/**
 * Runs again what a record tells.
 *
 * The image is found by its id, or fetched by its digest where that id is not here.
 */
export async function repeatRun(
  tools: RunTools,
  record: RunRecord,
  how: { quiet: boolean; machine: boolean },
): Promise<RunRecord> {
  const [here] = await inspectImages(tools.engine, [record.imageId]);
  const byDigest = `${record.image.replace(/(:[^/:]*|@.*)$/, "")}@${record.imageDigest}`;
  const image = here === undefined && record.imageDigest !== "" ? byDigest : record.imageId;
  const again = await recordedRun(tools, { ...record, wcfs: record.wcfs, keep: false, image, ...how });
  return { ...again, image: record.image };
}
