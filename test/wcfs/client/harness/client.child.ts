/** A process that uses the client library: runs the functions it is sent, and tells what they return. */
import * as fs from "node:fs";
import * as wcfs from "@belay/wcfs";
import * as zodb from "@belay/zodb";
import type { Client, ClientAnswer, ClientRequest } from "./client.ts";

const conns: Client["conns"] = {};
const files: Client["files"] = {};
const maps: Client["maps"] = {};
const client: Client = {
  wcfs,
  zodb,
  mountpoint: process.argv[2] ?? "",
  fs,
  conns,
  files,
  maps,
  conn: (name) => named(conns, name),
  file: (name) => named(files, name),
  map: (name) => named(maps, name),
};

function named<T>(all: Record<string, T>, name: string): T {
  const value = all[name];
  if (value === undefined) throw new Error(`no ${name} here`);
  return value;
}

async function run({ source, args }: ClientRequest): Promise<ClientAnswer> {
  try {
    const url = `data:text/javascript,export default ${encodeURIComponent(source)}`;
    const { default: step } = (await import(url)) as { default: (client: Client, args: unknown) => unknown };
    return { value: await step(client, args) };
  } catch (error) {
    const { message, code } = error as { message: string; code?: string };
    return { error: { message, code } };
  }
}

process.on("message", (request: ClientRequest) => {
  void run(request).then((answer) => process.send?.(answer));
});
process.on("disconnect", () => process.exit());
