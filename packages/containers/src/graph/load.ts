import { readdirSync } from "node:fs";
import { join } from "node:path";
import { BelayError } from "@belay/supervise";
import { baseImages } from "../dockerfile/bases.ts";
import { readDockerfile } from "../dockerfile/text.ts";
import { fullName } from "../engine/lookup.ts";

/** One Dockerfile of a folder, as an image to build. */
export interface GraphNode {
  /** File name without what marks it as a Dockerfile. */
  readonly name: string;
  readonly tag: string;
  /** Path of the Dockerfile. */
  readonly file: string;
  readonly text: string;
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
 * @throws BelayError `ENOGRAPH` when there is none, `ELOOP` when they need each other in a circle; errno errors of reading
 */
export function loadGraph(folder: string, prefix = "qemu/"): GraphNode[] {
  const files = readdirSync(folder).flatMap((file) => {
    const name = dockerfileName(file);
    return name === undefined ? [] : [{ name, tag: `${prefix}${name}`, file: join(folder, file) }];
  });
  if (files.length === 0) {
    throw new BelayError("ENOGRAPH", `${folder} holds no Dockerfiles`, { hint: "they are looked for as NAME.docker" });
  }
  const tags = new Map(files.map(({ tag }) => [fullName(tag), tag]));
  const nodes = files.map(({ name, tag, file }): GraphNode => {
    const text = readDockerfile(file);
    const bases = baseImages(text);
    const needs = bases.flatMap((base) => tags.get(fullName(base)) ?? []);
    return { name, tag, file, text, bases: bases.filter((base) => !tags.has(fullName(base))), needs };
  });
  return inOrder(nodes);
}

function dockerfileName(file: string): string | undefined {
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
