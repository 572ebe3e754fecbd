import { call } from "../engine/call.ts";
import type { CallOptions } from "../engine/call.ts";
import type { Engine } from "../engine/engine.ts";
import { engineLookup } from "../engine/lookup.ts";
import { noteBuild } from "../clean/build-entry.ts";
import type { Talk } from "../cli/talk.ts";
import { buildDockerfile } from "../context/build-dockerfile.ts";
import { copyExecutable, copyInto } from "../context/copy.ts";
import { preScript, runPreScript } from "../context/pre-script.ts";
import { contextFolder, writeDockerfile } from "../context/temporary.ts";
import { readBinfmt } from "../cross/binfmt.ts";
import { currentUser } from "../cross/user.ts";
import { includedFrom } from "../dockerfile/included.ts";
import { checksum, preprocess } from "../dockerfile/preprocess.ts";
import { engineFailed } from "../errors/engine-errors.ts";
import { baseParts, executableParts } from "../key/parts.ts";
import { rebuildKey } from "../key/rebuild-key.ts";
import type { RebuildKey } from "../key/rebuild-key.ts";
import type { Scope } from "../run/owned.ts";
import { proxyArguments } from "./proxies.ts";
import { pullBases } from "./registry.ts";
import type { BuildRequest } from "./request.ts";
import { fileSums, findBases, ownParts } from "./wanted.ts";

/** Everything a build works with. */
export interface BuildTools {
  readonly engine: Engine;
  readonly scope: Scope;
  readonly talk: Talk;
  /** Where the engine's own output goes instead of stdout. */
  readonly stdoutTo?: "stderr";
  /** Gets the engine's output, both streams, instead of ours; for builds side by side. */
  readonly output?: (chunk: Buffer) => void;
  readonly signal?: AbortSignal;
}

/** `skipped`: the script of the Dockerfile asked for that. `refused`: it failed, or the kernel is not set up; the reason was told. */
export type BuildResult = "built" | "skipped" | "refused";

/**
 * Builds an image, whatever is there already.
 *
 * @param text the Dockerfile
 * @throws BelayError `EENGINE` when the engine fails; errno errors of files that cannot be read
 */
export async function buildImage(tools: BuildTools, request: BuildRequest, text: string): Promise<BuildResult> {
  await using context = await contextFolder(tools.scope.ledger);
  const filled = await fillContext(tools, request, context.path);
  if (filled !== "built") return filled;
  const files = fileSums(request.extraFiles);
  const preprocessed = preprocess(text, includedFrom(request.includeFolders));
  const { dockerfile, registry } = await takeBases(tools, request, text);
  const whole = buildDockerfile(dockerfile, {
    user: request.addUser ? currentUser() : undefined,
    checksum: checksum(preprocessed),
    files,
    key: await keyOf(tools, request, text, preprocessed),
  });
  const path = writeDockerfile(context.path, whole);
  await runBuild(tools, buildArguments(tools.engine, request, path, registry, context.path), context.path, request);
  return "built";
}

async function fillContext(tools: BuildTools, request: BuildRequest, context: string): Promise<BuildResult> {
  const { talk } = tools;
  const { executable } = request;
  const binfmt = executable === undefined || request.skipBinfmt ? undefined : readBinfmt(executable, talk);
  if (binfmt?.enabled === false) return "refused";
  const pre = preScript(request.dockerfile);
  if (pre !== undefined) {
    const toStderr = tools.stdoutTo === "stderr";
    const status = await runPreScript(pre, context, request.quiet, toStderr, tools.engine.env, tools.scope.signal);
    if (status === 3) talk.say("Skip");
    else if (status !== 0) talk.say(`${pre} exited with code ${status}`);
    if (status !== 0) return status === 3 ? "skipped" : "refused";
  }
  if (executable !== undefined)
    copyExecutable(talk, executable, binfmt === undefined ? executable : binfmt.interpreter, context);
  for (const file of request.extraFiles) copyInto(talk, file, context);
  return "built";
}

// The layer cache of a registry is used when it has all the bases; the image of our own tag may be missing there.
async function takeBases(tools: BuildTools, request: BuildRequest, text: string) {
  if (request.registry === undefined) return { dockerfile: text, registry: undefined };
  const options = callOptions(tools, request);
  const taken = await pullBases(tools.engine, text, request.registry, options);
  if (taken.registry !== undefined) await call(tools.engine, ["pull", `${taken.registry}/${request.tag}`], options);
  return taken;
}

async function keyOf(
  tools: BuildTools,
  request: BuildRequest,
  text: string,
  preprocessed: string,
): Promise<RebuildKey | undefined> {
  if (request.mode === "compatible") {
    return request.executable === undefined ? undefined : rebuildKey(new Map(executableParts(request.executable)));
  }
  const lookup = engineLookup(tools.engine);
  const bases = await findBases(lookup, request, text);
  const missing = [...bases].filter(([, id]) => id === undefined).map(([name]) => name);
  for (const name of missing) await call(tools.engine, ["pull", name], callOptions(tools, request));
  const here = missing.length === 0 ? bases : await findBases(lookup, request, text);
  return rebuildKey(new Map([...ownParts(request, preprocessed), ...baseParts(here)]));
}

function buildArguments(
  engine: Engine,
  request: BuildRequest,
  path: string,
  registry: string | undefined,
  context: string,
): string[] {
  return [
    "build",
    "-t",
    request.tag,
    "-f",
    path,
    ...(engine.buildkit ? ["--build-arg", "BUILDKIT_INLINE_CACHE=1"] : []),
    ...stepRemoval(engine, request.mode),
    ...(registry === undefined ? [] : ["--cache-from", `${registry}/${request.tag}`]),
    ...request.engineArgs,
    ...proxyArguments(process.env),
    context,
  ];
}

/**
 * Words that have docker's old builder remove the container of a step that failed. BuildKit and podman do so by themselves; the Python tool's
 * command line leaves it, and has to stay as it is.
 */
export function stepRemoval(engine: Engine, mode: BuildRequest["mode"]): string[] {
  return mode === "full" && engine.kind === "docker" && !engine.buildkit ? ["--force-rm"] : [];
}

function callOptions(tools: BuildTools, { quiet }: { readonly quiet: boolean }): CallOptions {
  const { stdoutTo, output } = tools;
  const signal = tools.signal ?? tools.scope.signal;
  return { quiet, signal, ...(stdoutTo === undefined ? {} : { stdoutTo }), output };
}

/**
 * Runs a build of the engine so that nothing of it stays, however it ends.
 *
 * @param context last word of the command line
 * @throws BelayError `EENGINE`
 */
export async function runBuild(
  tools: BuildTools,
  args: readonly string[],
  context: string,
  options: { readonly quiet: boolean; readonly stdin?: CallOptions["stdin"] },
): Promise<void> {
  const entry = await noteBuild(tools.scope.ledger, tools.engine, context);
  const signal = tools.signal ?? tools.scope.signal;
  const { stdin } = options;
  const status = await call(tools.engine, args, {
    ...callOptions(tools, options),
    env: entry.env,
    ...(stdin === undefined ? {} : { stdin }),
  });
  await (status < 0 || signal.aborted ? entry.release() : entry.ended());
  signal.throwIfAborted();
  if (status !== 0) throw engineFailed([...tools.engine.command, ...args], status);
}
