import { call } from "../engine/call.ts";
import type { CallOptions } from "../engine/call.ts";
import type { Engine } from "../engine/engine.ts";

/** A Dockerfile made to take its bases from a registry, and that registry if it serves. */
export interface FromRegistry {
  readonly dockerfile: string;
  readonly registry: string | undefined;
}

/**
 * Pulls the `qemu/…` images a Dockerfile starts from. If one cannot be had, the registry is not used at all: layers from two places would not
 * fit together.
 */
export async function pullBases(
  engine: Engine,
  dockerfile: string,
  registry: string,
  options: CallOptions,
): Promise<FromRegistry> {
  for (const [, name = ""] of dockerfile.matchAll(/FROM qemu\/(.*)/g)) {
    const status = await call(engine, ["pull", `${registry}/qemu/${name}`], options);
    if (status !== 0) return { dockerfile, registry: undefined };
  }
  return { dockerfile: dockerfile.replaceAll("FROM qemu/", `FROM ${registry}/qemu/`), registry };
}
