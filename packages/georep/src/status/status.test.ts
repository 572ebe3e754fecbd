import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makePlace } from "../testing/recording-terminal.ts";
import { brickStatusPath, freshBrickStatus, readBrickStatus, updateBrickStatus } from "./brick-status.ts";
import { showStatus, type StatusFacts } from "./shown-status.ts";

const active = { ...freshBrickStatus, worker_status: "Active", last_synced: 1795247698, secondary_node: "h2" };
const show = (facts: Partial<StatusFacts>) =>
  showStatus({ monitor: "Started", monitorAlive: () => true, brick: active, checkpoint: 0, ...facts });

describe("status", () => {
  test("of a checkpoint that is not reached has no time of completion", () => {
    const brick = { ...active, checkpoint_completed: "No", checkpoint_time: 1795240000 };
    const shown = show({ brick, checkpoint: 1795240000 });
    expect([shown.get("checkpoint_completed"), shown.get("checkpoint_completion_time")]).toEqual(["No", "N/A"]);
  });

  test("of a worker that is not active hides all of a checkpoint", () => {
    const brick = {
      ...active,
      worker_status: "Passive",
      checkpoint_completed: "Yes",
      checkpoint_time: 7,
      checkpoint_completion_time: 9,
    };
    expect(show({ brick, checkpoint: 7 }).get("checkpoint_completion_time")).toBe("N/A");
  });

  test("says Stopped when the monitor is dead, and does not ask where it does not matter", () => {
    expect(show({ monitorAlive: () => false }).get("worker_status")).toBe("Stopped");
    const monitorAlive = () => expect.unreachable();
    expect(show({ monitor: "Created", monitorAlive }).get("worker_status")).toBe("Created");
  });
});

describe("a brick's status file", () => {
  test("is changed by many writers without losing a count", async () => {
    using place = makePlace();
    const path = brickStatusPath(place.file("monitor.status"), "/b/1");
    expect(path).toBe(place.file("brick_%2Fb%2F1.status"));
    await Promise.all(
      Array.from({ length: 8 }, () => updateBrickStatus(path, ({ failures }) => ({ failures: failures + 1 }))),
    );
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ ...freshBrickStatus, failures: 8 });
  });

  test.each(["", "{", "[]", "7", '{"a":1} x'])("that holds %j reads as fresh, and is told when it is wrong", (text) => {
    using place = makePlace();
    const path = place.file("x.status");
    writeFileSync(path, text);
    const problems: string[] = [];
    expect(readBrickStatus(path, (problem) => problems.push(problem))).toEqual(freshBrickStatus);
    expect(problems).toHaveLength(text === "" ? 0 : 1);
  });

  test("with values of another type reads as if they were not there", () => {
    using place = makePlace();
    const path = place.file("x.status");
    writeFileSync(path, '{"entry":"many","last_synced":"7","worker_status":3,"more":[1]}');
    expect(readBrickStatus(path)).toEqual({ ...freshBrickStatus, last_synced: 7, more: [1] });
  });

  test("of a brick with a very long name does not stop anything", async () => {
    using place = makePlace();
    mkdirSync(place.file("geo-replication/pv_h_sv"), { recursive: true });
    const { code, out } = await place.call("status", "pv", "h::sv", "--local-path", `/${"x".repeat(300)}`);
    expect({ code, lines: out.split("\n").length }).toEqual({ code: 0, lines: 17 });
  });
});
