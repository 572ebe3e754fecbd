import { spawn } from "node:child_process";

/** Which engine to use: a certain one, or the first that works. */
export type EngineChoice = "auto" | "docker" | "podman";

/** A container engine that answers: how to call it. */
export interface Engine {
  /** `["podman"]`, `["docker"]` or `["sudo", "-n", "docker"]`; arguments follow. */
  readonly command: readonly string[];
  readonly kind: "podman" | "docker";
  /** Environment of every call but the first, which only asks whether the engine works. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether docker builds with BuildKit; never so for podman. */
  readonly buildkit: boolean;
}

const candidates: readonly { readonly kind: "podman" | "docker"; readonly command: readonly string[] }[] = [
  { kind: "podman", command: ["podman"] },
  { kind: "docker", command: ["docker"] },
  { kind: "docker", command: ["sudo", "-n", "docker"] },
];

/**
 * The first engine that works, in the order podman, docker, docker through sudo.
 *
 * `docker version` tells the client's version even without a daemon, but then leaves with 1: the status decides.
 *
 * @param meanwhile called with the first candidate that is on this machine, as soon as it has been asked
 * @throws BelayError `ENOENGINE` with what was tried
 */
export async function findEngine(choice: EngineChoice, meanwhile?: (candidate: Engine) => void): Promise<Engine> {
  const wanted = candidates.filter(({ kind }) => choice === "auto" || choice === kind);
  let first = meanwhile;
  for (const { kind, command } of wanted) {
    const engine = { kind, command, ...buildkitRule(kind) };
    const { started, works } = askVersion(command);
    if (started) {
      first?.(engine);
      first = undefined;
    }
    if (await works) return engine;
  }
  const { noEngine } = await import("../errors/engine-errors.ts");
  throw noEngine(wanted.map(({ command }) => command.join(" ")));
}

function askVersion(command: readonly string[]): { started: boolean; works: Promise<boolean> } {
  const [program = "", ...args] = command;
  const child = spawn(program, [...args, "version"], { stdio: ["inherit", "ignore", "ignore"] });
  const works = new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
  return { started: child.pid !== undefined, works };
}

// Two build farms ran docker versions whose BuildKit was unusable; their presence in the environment switches it off.
function buildkitRule(kind: "podman" | "docker"): Pick<Engine, "env" | "buildkit"> {
  const { env } = process;
  if (kind !== "docker" || "TRAVIS" in env || "GITLAB_CI" in env) return { env, buildkit: false };
  return { env: { ...env, DOCKER_BUILDKIT: "1" }, buildkit: true };
}
