import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { expect, test } from "vitest";

import { makePlace, type Call, type Place } from "./place.ts";
import { gsyncd, makeKey } from "./ssh-session.ts";
import { startSshd, type Sshd } from "./sshd.ts";

// Whatever ssh is asked to run with a session's key, nothing runs but the receiving end for its directory, and nothing else is reached.
// The chosen ones and some at random in every run; as many at random as `make soak` has rounds.

const random = Number(process.env["BELAY_SOAK_ROUNDS"] ?? 5);

const built = join(import.meta.dirname, "..", "..", "dist", "bin", "gsyncd");

/** A command, and the places its words are about. */
interface Words {
  readonly id: string;
  readonly source: string;
  readonly destination: string;
  /** Outside of the destination. */
  readonly other: string;
  /** Is made by whatever runs that should not. */
  readonly mark: string;
}

const shells = ({ mark }: Words): string[] => [
  ...[
    "",
    " ",
    "sh",
    "/bin/sh -c id",
    "sh -c gsyncd",
    `touch ${mark}`,
    `/usr/bin/touch ${mark}`,
    `env A=b touch ${mark}`,
  ],
  ...[
    `gsyncd --normalize-url h::v; touch ${mark}`,
    `gsyncd&&touch ${mark}`,
    `gsyncd | touch ${mark}`,
    `gsyncd\ntouch ${mark}`,
  ],
  ...[`$(touch ${mark})`, `\`touch ${mark}\``, `gsyncd $(touch ${mark})`, `gsyncd secondary \`touch ${mark}\` /b`],
  ...[
    "'gsyncd' --help",
    '"gsyncd" --help',
    "gsyncd\t--help",
    "gsyncd\\ --help",
    "GSYNCD",
    "A=b gsyncd",
    "sudo gsyncd --help",
  ],
  ...[
    "scp -t /tmp",
    "internal-sftp",
    "/usr/lib/openssh/sftp-server",
    "belay georep list",
    "node -e 1",
    "wcfs",
    "docker-py ps",
  ],
  ...["gsyncd %s%n ${HOME} $PATH *", "gsyncd \u0001\u001b[2J", `gsyncd ${"x".repeat(100_000)}`, "x".repeat(100_000)],
  ...[
    `gsyncd secondary ${"--debug ".repeat(10_000)}`,
    "gsyncd __proto__ /a",
    "gsyncd constructor /a",
    "gsyncd toString",
  ],
];

const otherCalls = ({ id, source, other, mark }: Words): string[] => [
  ...["gsyncd", "gsyncd --help", "gsyncd config-get p h::v", "gsyncd config-set p h::v -n rsync-command -v /bin/sh"],
  ...["gsyncd delete p h::v", "gsyncd status p h::v --local-path /b", `gsyncd monitor ${source} ${other}`],
  ...[
    `gsyncd worker ${source} ${other} --local-path ${source}`,
    `gsyncd agent ${source} ${other} --local-path ${source}`,
  ],
  ...[
    "gsyncd --monitor :p h::v",
    "gsyncd --create X :p h::v",
    "gsyncd --verify spawning",
    "gsyncd --normalize-url h::v",
  ],
  ...[`gsyncd -c ${mark} --config-set-rx a b .`, `gsyncd ${source} ${other}`, `gsyncd --turns 1 ${source} ${other}`],
  ...[
    `gsyncd --listen --session-owner ${id} -N --log-file ${mark} ${other}`,
    `gsyncd --agent --session-owner ${id} ${other}`,
  ],
  ...[
    "gluster",
    "gluster volume stop v",
    "gluster --log-file=/tmp/x volume info",
    "rsync --server --sender -e.L . /etc",
  ],
  ...[
    `rsync --server -logDtpre.iLs . ${other}`,
    "rsync --server --daemon .",
    `tar -xf - -C ${other}`,
    "tar -cf - /etc",
  ],
];

const otherPlaces = ({ id, source, destination, other }: Words): string[] => [
  ...[
    other,
    `${destination}/../other`,
    `file://${other}`,
    `file%3A%2F%2F${other}`,
    `${destination}x`,
    `${destination}/..`,
  ].map((place) => `gsyncd secondary ${source} ${place} --session-owner ${id}`),
  ...[
    `${destination} --session-owner none`,
    destination,
    `${destination} --session-owner ${id} --session-owner none`,
  ].map((rest) => `gsyncd secondary ${source} ${rest}`),
  ...[
    "--copy-from-parent",
    "--copy",
    `-c ${other}/x`,
    `--only-root=${other}`,
    "--secondary-log-level x;y",
    "-- -c",
  ].map((more) => `gsyncd secondary ${source} ${destination} --session-owner ${id} ${more}`),
  `gsyncd --only-root=/ secondary ${source} ${other} --session-owner ${id}`,
  `gsyncd --inet6 secondary ${source} ${other} --session-owner ${id}`,
  `gsyncd slave ${source} root@127.0.0.1:${other} --session-owner ${id}`,
  `gsyncd --listen --session-owner ${id} -N ${other}`,
  `gsyncd --listen --session-owner none --session-owner ${id} -N file://${other}`,
];

function atRandom({ id, source, destination, other, mark }: Words): string {
  const words = [
    ...[
      "secondary",
      "slave",
      "--listen",
      "-N",
      "monitor",
      "config-set",
      "delete",
      "--debug",
      "--inet6",
      "--",
      "-",
      "",
      "5",
    ],
    ...["--session-owner", id, `--session-owner=${id}`, "--secondary-timeout", "--primary-brick", "--only-root=/"],
    ...[source, destination, other, `file://${other}`, "/", "..", "-c", `--config-file=${mark}`, `--log-file=${mark}`],
    ...[
      ";",
      "|",
      "&&",
      `touch ${mark}`,
      `$(touch ${mark})`,
      `\`touch ${mark}\``,
      "\n",
      "'",
      '"',
      "\\",
      "*",
      "\t",
      "%2F",
    ],
    ...["--pid-file", mark, "--remote-gsyncd", "sh", "rsync", "--server", ".", "tar", "-xf", "-C", "gsyncd"],
  ];
  const chosen = Array.from({ length: 1 + Math.floor(Math.random() * 9) }, () => pick(words));
  return [pick(["gsyncd", "gsyncd", "/x/gsyncd", "rsync", "tar", "sh"]), ...chosen].join(" ");
}

function pick(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? "";
}

test(
  "whatever ssh is asked to run with a session's key, nothing runs but its receiving end, and nothing else is reached",
  async () => {
    await using place = makePlace();
    await using sshd = await startSshd(join(place.path, "sshd"));
    const { key, line } = await makeKey(place, `${sshd.host}:${place.destination}`);
    // The executable starts in a tenth of the time.
    appendFileSync(sshd.authorizedKeys, `${existsSync(built) ? line.replace(gsyncd, built) : line}\n`);
    const other = join(place.path, "other");
    for (const path of [place.destination, other]) mkdirSync(path);
    writeFileSync(join(other, "f"), "as it was");
    const { source, destination } = place;
    const words: Words = { id: basename(key), source, destination, other, mark: join(place.path, "mark") };
    const commands = [shells, otherCalls, otherPlaces].flatMap((list) => list(words));
    commands.push(...Array.from({ length: random }, () => atRandom(words)));
    const before = readdirSync(place.path);
    await using connection = await Line.open(place, sshd, key);
    await refused(connection, undefined, words);
    for (let i = 0; i < commands.length; i += 4)
      await Promise.all(commands.slice(i, i + 4).map((command) => refused(connection, command, words)));
    expect(readdirSync(place.path)).toEqual(before);
    expect([readdirSync(other), readFileSync(join(other, "f"), "utf8")]).toEqual([["f"], "as it was"]);
    expect([readdirSync(source), readdirSync(destination)]).toEqual([[], []]);
    // The same key does what it is for.
    const own = await connection.run(`gsyncd secondary ${source} ${destination} --session-owner ${words.id}`);
    expect(own).toMatchObject({ code: 1, err: expect.stringContaining("before it said anything") as string });
  },
  300_000 + random * 4000,
);

async function refused(line: Line, command: string | undefined, { mark }: Words): Promise<void> {
  const { code, out, err } = await line.run(command);
  const what = JSON.stringify(command?.slice(0, 200));
  expect([1, 2], `${what}: ${err}`).toContain(code);
  expect(out, what).toBe("");
  if (command?.trim() !== "") expect(err, what).toMatch(/\S/);
  expect(err, what).not.toMatch(/^ {4}at |Error:/m);
  expect(existsSync(mark), what).toBe(false);
}

/** One connection of ssh that all commands go through, each with a forced command of its own. */
class Line implements AsyncDisposable {
  readonly #words: readonly string[];
  readonly #env: NodeJS.ProcessEnv;

  private constructor(place: Place, { port, host, knownHosts }: Sshd, key: string) {
    const shared = ["-S", join(place.path, "sshd", "ctl")];
    const known = ["-oBatchMode=yes", "-oStrictHostKeyChecking=no", `-oUserKnownHostsFile=${knownHosts}`];
    this.#words = ["-qT", ...shared, ...known, "-i", key, "-p", String(port), host];
    this.#env = place.env;
  }

  static async open(place: Place, sshd: Sshd, key: string): Promise<Line> {
    const line = new Line(place, sshd, key);
    // It goes into the background once it is connected.
    expect(await line.#end("-fMN")).toBe(0);
    return line;
  }

  async run(...command: (string | undefined)[]): Promise<Call> {
    const words = command.filter((word) => word !== undefined);
    const child = spawn("ssh", [...this.#words, ...words], { env: this.#env, stdio: ["ignore", "pipe", "pipe"] });
    const texts = { out: "", err: "" };
    child.stdout.on("data", (bytes: Buffer) => (texts.out += bytes.toString()));
    child.stderr.on("data", (bytes: Buffer) => (texts.err += bytes.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, ...texts };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("-O", "exit");
  }

  async #end(...words: string[]): Promise<unknown> {
    const child = spawn("ssh", [...words, ...this.#words], { env: this.#env, stdio: "ignore" });
    return ((await once(child, "exit")) as unknown[])[0];
  }
}
