import { readdirSync } from "node:fs";
import { join } from "node:path";
import { BelayError, toError } from "@belay/supervise";
import { baseImages } from "../dockerfile/bases.ts";
import { readDockerfile } from "../dockerfile/text.ts";
import { unreadable } from "../errors/unreadable.ts";
import { fullName } from "../engine/lookup.ts";

/** One Dockerfile of a folder, as an image to build. */
export interface GraphNode {
  /** File name without what marks it as a Dockerfile. */
  readonly name: string;
  readonly tag: string;
  /** Path of the Dockerfile. */
  readonly file: string;
  readonly text: string;
  /** Why it could not be read: this image fails, and what is above it; the others are built. */
  readonly unreadable: Error | undefined;
  /** Base images that are no nodes. */
  readonly bases: readonly string[];
  /** Tags of the nodes it starts from or copies from. */
  readonly needs: readonly string[];
}

/**
 * Reads the Dockerfiles of a folder (`NAME.docker`, `NAME.Dockerfile`, `Dockerfile.NAME`) in an order in which each comes behind those
 * it needs.
 *
 * @param prefix what tags begin with: `NAME.docker` becomes the image `PREFIXNAME`
 * @throws BelayError `ENOGRAPH` when there is none, `ETWINS` when two make the same image, `ELOOP` when they need each other in a circle;
 *   Mistake with the errno name when the folder cannot be read
 */
export function loadGraph(folder: string, prefix = "qemu/"): GraphNode[] {
  const files = filesOf(folder).flatMap((file) => {
    const name = dockerfileName(file);
    return name === undefined ? [] : [{ name, tag: `${prefix}${name}`, file: join(folder, file) }];
  });
  if (files.length === 0) {
    throw new BelayError("ENOGRAPH", `${folder} holds no Dockerfiles`, { hint: "they are looked for as NAME.docker" });
  }
  const tags = new Map(files.map(({ tag }) => [fullName(tag), tag]));
  refuseTwins(files);
  const nodes = files.map(({ name, tag, file }): GraphNode => {
    const { text, unreadable } = textOf(file);
    const bases = baseImages(text);
    const needs = bases.flatMap((base) => tags.get(fullName(base)) ?? []);
    return { name, tag, file, text, unreadable, bases: bases.filter((base) => !tags.has(fullName(base))), needs };
  });
  return inOrder(nodes);
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((each) => (each.isDirectory() ? [] : [each.name]));
  } catch (error) {
    throw unreadable(folder, error, "folder", "--all wants a folder of Dockerfiles");
  }
}

function refuseTwins(files: readonly { readonly tag: string; readonly file: string }[]): void {
  const seen = new Map<string, string>();
  for (const { tag, file } of files) {
    const twin = seen.get(fullName(tag));
    if (twin !== undefined) {
      throw new BelayError("ETWINS", `${twin} and ${file} both make the image ${tag}`, { hint: "rename one of them" });
    }
    seen.set(fullName(tag), file);
  }
}

function textOf(file: string): Pick<GraphNode, "text" | "unreadable"> {
  try {
    return { text: readDockerfile(file), unreadable: undefined };
  } catch (error) {
    return { text: "", unreadable: toError(error) };
  }
}

// What editors lay beside a file begins with a dot.
function dockerfileName(file: string): string | undefined {
  if (file.startsWith(".")) return undefined;
  return (/^(.+)\.(?:docker|Dockerfile)$/.exec(file) ?? /^Dockerfile\.(.+)$/.exec(file))?.[1];
}

function inOrder(nodes: readonly GraphNode[]): GraphNode[] {
  const byTag = new Map(nodes.map((node) => [node.tag, node]));
  const ordered = new Set<GraphNode>();
  const visit = (node: GraphNode, above: readonly string[]): void => {
    if (ordered.has(node)) return;
    if (above.includes(node.tag)) {
      throw new BelayError("ELOOP", `images need each other: ${[...above, node.tag].join(" -> ")}`);
    }
    for (const tag of node.needs) {
      const needed = byTag.get(tag);
      if (needed !== undefined) visit(needed, [...above, node.tag]);
    }
    ordered.add(node);
  };
  for (const node of nodes) visit(node, []);
  return [...ordered];
}
