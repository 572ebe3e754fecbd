import { errno } from "@belay/linux";
import { expect, test } from "vitest";
import type { Stream } from "../tree/node.ts";
import { Isolation } from "./isolation.ts";
import { ManualWorld, NotedAnswer } from "./testing/manual-world.ts";

const OID = "0000000000000005";

/** A client's end of a link. */
class Client {
  readonly stream: Stream;

  constructor(isolation: Isolation, tid: number) {
    this.stream = isolation.open(tid);
  }

  say(text: string): void {
    this.stream.write(Buffer.from(`${text}\n`));
  }

  watch(at: bigint, stream = 1): void {
    this.say(`${stream} watch ${OID} @${hex(at)}`);
  }

  /** The next message; undefined: there is none. */
  hear(): string | undefined {
    const answer = new NotedAnswer<Uint8Array>(0);
    this.stream.read(1000, answer);
    if (!answer.isGiven) answer.interrupt();
    return answer.value === undefined ? undefined : String(answer.value).trimEnd();
  }
}

function hex(tid: bigint): string {
  return tid.toString(16).padStart(16, "0");
}

function makeWorld(): {
  world: ManualWorld;
  isolation: Isolation;
  readonly read: (tid: number, first: number, last?: number) => NotedAnswer<void>;
} {
  const world = new ManualWorld();
  const isolation = new Isolation(world);
  const read = (tid: number, first: number, last = first) => {
    const answer = new NotedAnswer<void>(tid);
    isolation.beforeRead(world.file, first, last, answer);
    // Filling the answer looks the blocks up.
    for (let blk = first; blk <= last; blk++) world.history.accessed.add(blk);
    return answer;
  };
  return { world, isolation, read };
}

test("the transcript of the protocol", () => {
  const { world, isolation, read } = makeWorld();
  read(90, 2);
  const at1 = world.history.commit(2);
  const at2 = world.history.commit(2, 5);
  const client = new Client(isolation, 10);
  client.watch(at1);
  expect(client.hear()).toBe(`2 pin ${OID} #2 @${hex(at1)}`);
  expect(client.hear()).toBeUndefined();
  client.say("2 ack");
  expect(client.hear()).toBe("1 ok");
  const other = read(20, 5);
  expect(client.hear()).toBe(`4 pin ${OID} #5 @${hex(100n)}`);
  expect(other.isGiven).toBe(false);
  client.say("4 ack");
  expect(other.isGiven).toBe(true);
  client.watch(at2, 3);
  const unpins = [client.hear(), client.hear()].sort();
  expect(unpins).toEqual([`6 pin ${OID} #2 @head`, `8 pin ${OID} #5 @head`]);
  client.say("8 ack\n6 ack");
  expect(client.hear()).toBe("3 ok");
  client.say(`5 watch ${OID} -`);
  expect(client.hear()).toBe("5 ok");
  client.say("7 bye");
  expect(client.hear()).toBe("");
  expect(isolation.counts).toMatchObject({ links: 0, watches: 0, pinned: 0, pins: 4, kills: 0, waitingReads: 0 });
});

test("a watch is over when the pins under way are answered: a late one must not fall into the next watch of the file", () => {
  const { world, isolation, read } = makeWorld();
  read(90, 2);
  const at1 = world.history.commit(2);
  const client = new Client(isolation, 10);
  client.watch(at1);
  expect(client.hear()).toBe("1 ok");
  world.history.commit(2);
  const reading = read(90, 2);
  expect(client.hear()).toBe(`2 pin ${OID} #2 @${hex(at1)}`);
  client.say(`3 watch ${OID} -`);
  client.say(`5 watch ${OID} @${hex(world.history.head)}`);
  expect(client.hear()).toBeUndefined();
  expect(reading.isGiven).toBe(false);
  client.say("2 ack");
  expect(reading.isGiven).toBe(true);
  expect(client.hear()).toBe("3 ok");
  expect(client.hear()).toBe("5 ok");
});

test("a read is let through in the very step of the last ack, as of the head of that moment", () => {
  const { world, isolation, read } = makeWorld();
  read(90, 2);
  const at1 = world.history.commit(2);
  const [a, b] = [new Client(isolation, 10), new Client(isolation, 20)];
  for (const client of [a, b]) {
    client.watch(at1);
    expect(client.hear()).toBe("1 ok");
  }
  const at2 = world.history.commit(2);
  const answer = read(30, 2);
  const heads: bigint[] = [];
  answer.give = () => heads.push(world.history.head);
  a.say("2 ack");
  const at3 = world.history.commit(2);
  // A new watcher of at2 has to have the block before the read may show at3.
  const late = new Client(isolation, 40);
  late.watch(at2);
  expect(late.hear()).toBe(`2 pin ${OID} #2 @${hex(at2)}`);
  b.say("2 ack");
  expect(heads).toEqual([]);
  late.say("2 ack");
  expect(heads).toEqual([at3]);
});

test("a block that changes while it is to be given back to head stays pinned", () => {
  const { world, isolation, read } = makeWorld();
  read(90, 2);
  const at1 = world.history.commit(1);
  const client = new Client(isolation, 10);
  client.watch(at1);
  expect(client.hear()).toBe("1 ok");
  const at2 = world.history.commit(2);
  const first = read(20, 2);
  expect(client.hear()).toBe(`2 pin ${OID} #2 @${hex(100n)}`);
  client.watch(at2, 3);
  world.history.commit(2);
  const second = read(30, 2);
  client.say("2 ack");
  expect(first.isGiven || second.isGiven).toBe(false);
  expect(client.hear()).toBe(`4 pin ${OID} #2 @${hex(at2)}`);
  client.say("4 ack");
  expect(client.hear()).toBe("3 ok");
  expect(first.isGiven && second.isGiven).toBe(true);
});

test("set-ups of one file on one link follow one another, and one that fails to read the history leaves no watch", () => {
  const { world, isolation, read } = makeWorld();
  read(90, 2);
  world.history.commit(2);
  const client = new Client(isolation, 10);
  client.watch(100n, 1);
  client.watch(100n, 3);
  client.say(`5 watch ${OID} -`);
  expect(client.hear()).toBe(`2 pin ${OID} #2 @${hex(100n)}`);
  expect(client.hear()).toBeUndefined();
  client.say("2 ack");
  expect([client.hear(), client.hear(), client.hear()]).toEqual(["1 ok", "3 ok", "5 ok"]);
  client.watch(101n, 7);
  expect(client.hear()).toBe("7 ok");
  world.history.failure = new Error("disk\n on fire");
  client.watch(101n, 9);
  expect(client.hear()).toBe(`9 error setup watch f<${OID}> @${hex(101n)}: disk on fire`);
  expect(isolation.counts.watches).toBe(0);
});

test("a client that does not answer is killed in time, and its reader goes on", () => {
  const { world, isolation, read } = makeWorld();
  read(90, 2);
  const [deaf, silent] = [new Client(isolation, 10), new Client(isolation, 20)];
  for (const client of [deaf, silent]) {
    client.watch(100n);
    expect(client.hear()).toBe("1 ok");
  }
  world.history.commit(2);
  const answer = read(30, 2);
  expect(silent.hear()).toMatch(/^2 pin/);
  world.pass(2999);
  expect(answer.isGiven).toBe(false);
  world.pass(1);
  expect(answer.isGiven).toBe(true);
  expect([...world.clients.values()].map(({ signals }) => signals)).toEqual([[7], [7]]);
  expect(isolation.counts).toMatchObject({ links: 0, watches: 0, kills: 2 });
  const pin = `pin #2 @${hex(100n)}`;
  expect(silent.hear()).toBe(`0 fatal: ${pin}: sendReq: waiting for reply: context deadline exceeded`);
  expect(silent.hear()).toBe("");
  expect([deaf.hear(), deaf.hear()]).toEqual([
    `2 pin ${OID} #2 @${hex(100n)}`,
    `0 fatal: ${pin}: sendReq: send .2: context deadline exceeded`,
  ]);
  expect(() => deaf.say("2 ack")).toThrow("ECONNRESET");
  expect(world.logged.filter((line) => line.includes("pid10"))).toEqual([
    `error pid10: client failed to handle pin notification correctly and timely in 3s: ${pin}: sendReq: send .2: context deadline exceeded`,
    "error pid10: it would compute on data of the wrong moment: terminating it so that others can go on",
    "error pid10: <- SIGBUS",
    "error pid10: terminated",
  ]);
});

test("SIGKILL follows when SIGBUS does not help; what survives that ends the server, and nobody is let through", () => {
  const { world, isolation, read } = makeWorld();
  read(90, 2);
  const client = new Client(isolation, 10);
  client.watch(100n);
  world.history.commit(2);
  const process = world.clients.get(10);
  process?.survives.add(7).add(9);
  const [own, other] = [read(11, 2), read(30, 2)];
  world.pass(3000);
  expect(own.error).toBe(errno.EINTR);
  world.pass(500);
  expect(process?.signals).toEqual([7, 9]);
  expect(world.failure).toBeUndefined();
  world.pass(2000);
  expect(world.failure?.message).toContain("client process 10");
  expect(other.isGiven).toBe(false);
  expect(isolation.counts.kills).toBe(0);
  isolation.shut();
  expect(other.error).toBe(errno.ENOTCONN);
  expect(read(30, 2).error).toBe(errno.ENOTCONN);
});

test("a client that closes its link with a pin pending has some seconds to end, and is only killed if it does not", () => {
  for (const endsItself of [true, false]) {
    const { world, isolation, read } = makeWorld();
    read(90, 2);
    const client = new Client(isolation, 10);
    client.watch(100n);
    world.history.commit(2);
    const answer = read(30, 2);
    world.pass(1000);
    client.stream.close();
    world.pass(1500);
    expect(answer.isGiven).toBe(false);
    if (endsItself) world.clients.get(10)?.end();
    world.pass(500);
    expect(answer.isGiven).toBe(true);
    expect(isolation.counts).toMatchObject({ links: 0, kills: endsItself ? 0 : 1 });
    expect(world.clients.get(10)).toMatchObject({ signals: endsItself ? [] : [7], isDisposed: true });
    expect(world.logged.length).toBe(endsItself ? 0 : 4);
  }
});

test("a signal ends a waiting read only if the reader dies of it, also when it is not the first one", () => {
  const { world, isolation, read } = makeWorld();
  read(90, 2);
  const client = new Client(isolation, 10);
  client.watch(100n);
  world.history.commit(2);
  const [harmless, deadly] = [read(31, 2), read(32, 2)];
  for (const answer of [harmless, deadly]) answer.interrupt();
  world.pass(500);
  expect([harmless.error, deadly.error]).toEqual([undefined, undefined]);
  world.dying.add(32);
  world.pass(100);
  expect([harmless.error, deadly.error]).toEqual([undefined, errno.EINTR]);
  client.say("2 ack");
  expect(harmless.isGiven).toBe(true);
  world.dying.add(31);
  world.pass(1000);
});

test("reads of a process that is being killed are refused, those that come later, too", () => {
  const { world, isolation, read } = makeWorld();
  read(90, 2);
  const clients = [new Client(isolation, 10), new Client(isolation, 20)] as const;
  for (const client of clients) client.watch(100n);
  world.history.commit(2, 3);
  world.clients.get(10)?.survives.add(7);
  read(30, 2);
  clients[1].say("2 ack");
  world.pass(3000);
  expect(world.clients.get(10)?.signals).toEqual([7]);
  expect(read(13, 3).error).toBe(errno.EINTR);
  expect(read(33, 3).error).toBeUndefined();
});

test("with the policy to warn a client may be late until somebody else waits, or a commit does", () => {
  for (const why of ["reader", "commit"]) {
    const { world, isolation, read } = makeWorld();
    world.pinPolicy = "warn";
    read(90, 2);
    const client = new Client(isolation, 10);
    client.watch(100n);
    world.history.commit(2);
    read(12, 2);
    world.pass(10_000);
    expect(isolation.counts).toMatchObject({ links: 1, forgiven: 1, kills: 0 });
    expect(world.logged).toHaveLength(1);
    if (why === "reader") read(30, 2);
    else world.isBusy = true;
    world.pass(1000);
    expect(isolation.counts).toMatchObject({ links: 0, forgiven: 1, kills: 1 });
  }
});

test("neither requests nor messages that nobody reads take memory without end", () => {
  const { world, isolation } = makeWorld();
  const [asking, deaf] = [new Client(isolation, 10), new Client(isolation, 20)];
  const future = hex(world.history.head + 1n);
  const ask = (client: Client, request: string) => {
    for (let stream = 1; stream < 140_000; stream += 2) client.say(`${stream} ${request}`);
  };
  expect(() => ask(asking, `watch ${OID} @${future}`)).toThrow("ECONNRESET");
  expect(asking.hear()).toBe("0 error: too many requests are not answered");
  expect(() => ask(deaf, "bla")).toThrow("ECONNRESET");
  expect(isolation.counts.links).toBe(0);
});

test("history is kept back to the earliest watch", () => {
  const { world, isolation } = makeWorld();
  expect(isolation.oldestAt()).toBeUndefined();
  const [a, b] = [new Client(isolation, 10), new Client(isolation, 20)];
  a.watch(100n);
  world.history.commit();
  b.watch(101n);
  expect(isolation.oldestAt()).toBe(100n);
  a.watch(101n, 3);
  expect(isolation.oldestAt()).toBe(101n);
  for (const client of [a, b]) client.say("9 bye");
  expect(isolation.oldestAt()).toBeUndefined();
});
