import type { Engine } from "./engine.ts";

/** An engine as it stands in a ledger entry: how it was called, and where it keeps its things. */
export interface RecordedEngine {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Variables that lead an engine to its storage or daemon: a sweep, started elsewhere, has to look at the same place. */
const engineVariables = [
  "CONTAINERS_CONF",
  "CONTAINERS_STORAGE_CONF",
  "CONTAINER_HOST",
  "DOCKER_CONFIG",
  "DOCKER_CONTEXT",
  "DOCKER_HOST",
  "HOME",
  "PATH",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
  "XDG_RUNTIME_DIR",
];

/** What another process needs to call the same engine. */
export function recordEngine(engine: Engine): RecordedEngine {
  const env = engineVariables.flatMap((name) => {
    const value = engine.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { command: engine.command, env: Object.fromEntries(env) };
}

/** The engine of a record. */
export function recordedEngine({ command, env }: RecordedEngine): Engine {
  const kind = command[0] === "podman" ? "podman" : "docker";
  return { command, kind, env: { ...process.env, ...env }, buildkit: false };
}
