/** Options of `run` of podman and docker that take no value; all others written without `=` take the next word. */
const flags = new Set(
  [
    "detach", "disable-content-trust", "env-host", "help", "http-proxy", "init", "interactive", "no-healthcheck", "no-hosts", "no-hostname",
    "oom-kill-disable", "passwd", "privileged", "publish-all", "quiet", "read-only", "read-only-tmpfs", "replace", "rm", "rmi", "sig-proxy",
    "tls-verify", "tty", "use-api-socket",
  ].map((name) => `--${name}`),
); // prettier-ignore

/** The words of a run, parted. */
export interface RunWords {
  /** Options, ours and the engine's. */
  readonly options: readonly string[];
  /** Undefined when there are options only. */
  readonly image: string | undefined;
  /** Command and arguments inside the container. */
  readonly command: readonly string[];
}

/**
 * Parts the words of a run at the image: the first word that is neither an option nor an option's value.
 *
 * @param ownFlags our own options that take no value, which may stand among the engine's
 */
export function partRunWords(words: readonly string[], ownFlags: readonly string[] = []): RunWords {
  let index = 0;
  while (index < words.length) {
    const word = words[index] ?? "";
    if (word === "--") {
      index += 1;
      break;
    }
    if (!word.startsWith("-") || word === "-") break;
    index += takesNext(word, ownFlags) ? 2 : 1;
  }
  return {
    options: words.slice(0, index).filter((word) => word !== "--"),
    image: words[index],
    command: words.slice(index + 1),
  };
}

function takesNext(word: string, ownFlags: readonly string[]): boolean {
  if (word.startsWith("--")) return !word.includes("=") && !flags.has(word) && !ownFlags.includes(word);
  // A cluster of single letters ends at the first that takes a value; when that is the last one, the value is the next word.
  const valued = word.slice(1).search(/[^ditPq]/);
  return valued >= 0 && valued === word.length - 2;
}
