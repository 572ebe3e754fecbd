const variable = "_GSYNCD_ONLY_ROOTS_";

/** The environment of a call whose key is only for certain folders; undefined: for whatever its user may write to. */
export function withOnlyRoots(env: NodeJS.ProcessEnv, roots: readonly string[] | undefined): NodeJS.ProcessEnv {
  const others = Object.entries(env).filter(([name]) => name !== variable);
  return Object.fromEntries(roots === undefined ? others : [...others, [variable, JSON.stringify(roots)]]);
}

/** The folders {@link withOnlyRoots} has put there. */
export function onlyRootsOf(env: NodeJS.ProcessEnv): readonly string[] | undefined {
  const text = env[variable];
  if (text === undefined) return undefined;
  const roots: unknown = JSON.parse(text);
  return Array.isArray(roots) ? roots.map(String) : [];
}
