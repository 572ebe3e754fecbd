import * as z from "zod";
import { callForOutput, outputOf } from "../engine/call.ts";
import type { Engine } from "../engine/engine.ts";
import { labels } from "../engine/labels.ts";
import { partRunWords } from "../run/words.ts";
import { clientsWith } from "./processes.ts";

/** A container with our label, as the engine tells of it. */
export interface Labelled {
  readonly id: string;
  readonly instance: string;
  /** The engine's word: running, exited, created, … */
  readonly state: string;
  /** Started to run without a client (`run -d`). */
  readonly detached: boolean;
}

const inspected = z.array(
  z.object({
    Id: z.string(),
    State: z.object({ Status: z.string() }),
    Config: z.object({
      Labels: z.record(z.string(), z.string()).nullish(),
      /** Podman: the command line the container was made with. */
      CreateCommand: z.array(z.string()).nullish(),
      /** Docker: whether a client was to see the output. */
      AttachStdout: z.boolean().nullish(),
    }),
  }),
);

/** All containers with our label, whoever started them. @throws BelayError `EENGINE` */
export async function labelled(engine: Engine): Promise<Labelled[]> {
  const list = await outputOf(engine, ["ps", "-q", "-a", `--filter=label=${labels.instance}`]);
  const ids = list.split(/\s+/).filter((id) => id !== "");
  if (ids.length === 0) return [];
  // One of them may be gone by now: then the status is bad, and the answer good for the others.
  const { stdout } = await callForOutput(engine, ["inspect", "--type", "container", ...ids]);
  return inspected.parse(JSON.parse(stdout)).map(({ Id, State, Config }) => ({
    id: Id,
    instance: Config.Labels?.[labels.instance] ?? "",
    state: State.Status,
    detached: Array.isArray(Config.CreateCommand) ? isDetached(Config.CreateCommand) : Config.AttachStdout === false,
  }));
}

function isDetached(command: readonly string[]): boolean {
  const { options } = partRunWords(command.slice(command.indexOf("run") + 1));
  return options.some((word) => /^--detach(=true)?$|^-[ditPq]*d/.test(word));
}

/** Whether somebody still needs it: a client waits for it, or it runs and was meant to run without one. */
export function ownerOf({ instance, state, detached }: Labelled): "dead" | "alive" {
  if (clientsWith(`${labels.instance}=${instance}`).length > 0) return "alive";
  return state === "running" && detached ? "alive" : "dead";
}
