import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How much is below a directory. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** Counts files and their bytes, without those that programs work in. */
export function amountBelow(directory: string): Amount {
  let [files, bytes] = [0, 0];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.name.startsWith(".")) continue;
    const path = join(directory, entry.name);
    const below = entry.isDirectory() ? amountBelow(path) : { files: 1, bytes: statSync(path).size };
    files += below.files;
    bytes += below.bytes;
  }
  return { files, bytes };
}

/** Longest that a program may take to make its copy, in milliseconds. */
const patienceMs = 300_000;

async function untilCopied(to: string, wanted: Amount, running: readonly ChildProcess[]): Promise<void> {
  const end = performance.now() + patienceMs;
  for (;;) {
    // What is half done may go while it is counted.
    const there = await amountWhenQuiet(to);
    if (there?.files === wanted.files && there.bytes === wanted.bytes) return;
    if (performance.now() > end) throw new Error(`after ${patienceMs} ms there are ${there?.files} files`);
    if (running.some(({ exitCode }) => exitCode !== null)) throw new Error("the program has ended");
    await sleep(Math.max(20, wanted.files / 200));
  }
}

async function amountWhenQuiet(directory: string): Promise<Amount | undefined> {
  try {
    return await Promise.resolve(amountBelow(directory));
  } catch {
    return undefined;
  }
}

async function end(children: readonly ChildProcess[]): Promise<void> {
  for (const child of children) {
    const ended = child.exitCode === null ? once(child, "exit") : undefined;
    child.kill("SIGTERM");
    await ended;
  }
}

/** One copy by lsyncd (one second of delay, rsync), until everything is there. */
export async function copyByLsyncd(from: string, to: string): Promise<void> {
  const child = spawn("lsyncd", ["-nodaemon", "-delay", "1", "-rsync", from, to], { stdio: "ignore" });
  try {
    await untilCopied(to, amountBelow(from), [child]);
  } finally {
    await end([child]);
  }
}

/** One copy by two syncthings over the loopback, from their start until everything is there. */
export async function copyBySyncthing(from: string, to: string, homes: string): Promise<void> {
  const ends = [
    { home: join(homes, "a"), directory: from, port: 22_111 },
    { home: join(homes, "b"), directory: to, port: 22_112 },
  ];
  const devices = ends.map(({ home }) => {
    mkdirSync(home, { recursive: true });
    execFileSync("syncthing", ["generate", "--home", home, "--no-default-folder"], { stdio: "ignore" });
    return /<device id="([A-Z0-9-]+)"/.exec(readFileSync(join(home, "config.xml"), "utf8"))?.[1] ?? "";
  });
  for (const [index, { home, directory, port }] of ends.entries()) {
    mkdirSync(join(directory, ".stfolder"), { recursive: true });
    const type = index === 0 ? "sendonly" : "receiveonly";
    writeFileSync(
      join(home, "config.xml"),
      configOf({ devices, directory, port, ports: ends.map((e) => e.port), type }),
    );
  }
  const children = ends.map(({ home }) =>
    spawn("syncthing", ["serve", "--home", home, "--no-browser", "--no-restart", "--no-upgrade"], { stdio: "ignore" }),
  );
  try {
    await untilCopied(to, amountBelow(from), children);
  } finally {
    await end(children);
  }
}

interface Config {
  readonly devices: readonly string[];
  readonly ports: readonly number[];
  readonly directory: string;
  readonly port: number;
  readonly type: string;
}

function configOf({ devices, ports, directory, port, type }: Config): string {
  const listed = devices.map((id, index) => {
    const address = `<address>tcp://127.0.0.1:${ports[index]}</address>`;
    return `<device id="${id}" name="d${index}" compression="never">${address}</device>`;
  });
  const shared = devices.map((id) => `<device id="${id}"></device>`).join("");
  return `<configuration version="36">
  <folder id="bench" label="" path="${directory}" type="${type}" rescanIntervalS="3600" fsWatcherEnabled="true"
    fsWatcherDelayS="1" ignorePerms="false"><filesystemType>basic</filesystemType>${shared}</folder>
  ${listed.join("\n  ")}
  <gui enabled="false"></gui>
  <options><listenAddress>tcp://127.0.0.1:${port}</listenAddress><globalAnnounceEnabled>false</globalAnnounceEnabled>
    <localAnnounceEnabled>false</localAnnounceEnabled><relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled>
    <startBrowser>false</startBrowser><urAccepted>-1</urAccepted><crashReportingEnabled>false</crashReportingEnabled></options>
</configuration>
`;
}
