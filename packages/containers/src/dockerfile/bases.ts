import { splitLines } from "./text.ts";

/**
 * The images a Dockerfile starts from or copies from, as the engine will look for them: `FROM`, `COPY --from` and `RUN --mount=…,from=`,
 * without `scratch` and without its own stages. Arguments are filled in from their defaults and from what is given.
 *
 * @param args build arguments of the command line
 * @returns each once, in order; a name with an argument that has no value is left out
 */
export function baseImages(dockerfile: string, args: ReadonlyMap<string, string> = new Map()): string[] {
  const values = new Map<string, string>();
  const stages = new Set<string>();
  const images: string[] = [];
  const use = (text: string): void => {
    const image = fill(text, values);
    if (image !== undefined && image !== "scratch" && !stages.has(image.toLowerCase()) && !/^\d+$/.test(image))
      images.push(image);
  };
  let stage = 0;
  for (const line of instructions(dockerfile)) {
    const argument = /^ARG\s+(\w+)(?:=(.*))?$/i.exec(line);
    const from = /^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line);
    if (argument !== null && stage === 0) {
      const [, name = "", preset] = argument;
      const value = args.get(name) ?? (preset === undefined ? undefined : fill(unquote(preset), values));
      if (value !== undefined) values.set(name, value);
    } else if (from !== null) {
      stage += 1;
      use(from[1] ?? "");
      if (from[2] !== undefined) stages.add(from[2].toLowerCase());
    } else {
      for (const [, name = ""] of line.matchAll(/^COPY\s+(?:--\S+\s+)*?--from=(\S+)/gi)) use(name);
      if (/^RUN\s/i.test(line)) for (const [, name = ""] of line.matchAll(/--mount=\S*?\bfrom=([^\s,]+)/g)) use(name);
    }
  }
  return [...new Set(images)];
}

/** Instructions without comments and here-documents, those that go over several lines joined. */
function instructions(dockerfile: string): string[] {
  const out: string[] = [];
  const ends: string[] = [];
  let open = "";
  for (const line of splitLines(dockerfile)) {
    if (ends[0] !== undefined) {
      if (line.replace(/^\t+/, "") === ends[0]) ends.shift();
      continue;
    }
    if (/^\s*(#|$)/.test(line)) continue;
    const more = /\\\s*$/.test(line);
    open += more ? line.replace(/\\\s*$/, " ") : line;
    if (more) continue;
    out.push(open.trim());
    if (/^(RUN|COPY|ADD)\s/i.test(open.trim())) ends.push(...documents(open));
    open = "";
  }
  return open === "" ? out : [...out, open.trim()];
}

/** Words that end the here-documents an instruction begins (`RUN <<END`), in order. */
function documents(instruction: string): string[] {
  return [...instruction.matchAll(/(?<!<)<<-?(["']?)(\w+)\1(?=\s|$)/g)].map(([, , word = ""]) => word);
}

function unquote(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, "$2");
}

// ${NAME:-word} and ${NAME:+word} are all the Dockerfile language knows of the shell's substitutions.
function fill(text: string, values: ReadonlyMap<string, string>): string | undefined {
  const unknown: string[] = [];
  const filled = unquote(text).replace(
    /\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g,
    (
      _all,
      bare: string | undefined,
      braced: string | undefined,
      sign: string | undefined,
      word: string | undefined,
    ) => {
      const value = values.get(bare ?? braced ?? "");
      if (sign === "+") return value === undefined ? "" : (word ?? "");
      if (value === undefined && sign !== "-") unknown.push(bare ?? braced ?? "");
      return value ?? word ?? "";
    },
  );
  return unknown.length === 0 ? filled : undefined;
}
