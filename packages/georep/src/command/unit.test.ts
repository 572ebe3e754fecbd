import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeCommandPlace } from "../testing/command-place.ts";
import { placesEnvironment } from "./places.ts";
import { unitCapabilities, unitFor, unitHardening, unitService } from "./unit.ts";

test("the unit of a session may write to its destination and to belay's places, and systemd takes it", async () => {
  using place = makeCommandPlace();
  place.directory("a b%c");
  const known = await place.create("a b%c", "d e");
  const unit = unitFor(place.places, known, { program: "/bin/true", isUser: false });
  expect(unit).toContain(`ReadWritePaths="-${place.path}/d e"\n`);
  // After the machine was started nobody else makes it, and a process that may not write to /run cannot.
  expect(unit).toContain("RuntimeDirectory=belay\nRuntimeDirectoryMode=0700\nRuntimeDirectoryPreserve=yes\n");
  expect(unit).toContain(`RequiresMountsFor="${place.path}/a b%%c" "${place.path}/d e"\n`);
  expect(unit).toContain(`ExecStart=/bin/true georep start --foreground ${known.name}\n`);
  expectSystemdToTake(join(place.path, "x.service"), unit);
});

test("a unit of the user's own systemd has nothing that only root may", async () => {
  using place = makeCommandPlace();
  place.directory("src");
  const unit = unitFor(place.places, await place.create("src", "dst"), { program: "/bin/true", isUser: true });
  // Clock, logs and modules are protected by taking capabilities away, which ends such a unit with 218/CAPABILITIES.
  expect(unit).not.toMatch(/CapabilityBoundingSet|ProtectSystem|ProtectClock|ProtectKernelLogs|ProtectKernelModules/);
  expect(unit).toContain("NoNewPrivileges=yes\n");
  expect(unit).toContain("WantedBy=default.target\n");
});

test("a unit finds a session that is not in the usual place", async () => {
  using place = makeCommandPlace();
  place.directory("src");
  const known = await place.create("src", "dst");
  const environment = placesEnvironment({ BELAY_GEOREP_DIR: `${place.path}/a b%` }, 0);
  const unit = unitFor(place.places, known, { program: "/bin/true", isUser: false, environment });
  expect(unit).toContain(`Environment="BELAY_GEOREP_DIR=${place.path}/a b%%"\n`);
  expectSystemdToTake(join(place.path, "x.service"), unit);
  expect(placesEnvironment({ XDG_STATE_HOME: "/home/u/state" }, 1000)).toEqual({ XDG_STATE_HOME: "/home/u/state" });
  expect(placesEnvironment({ XDG_STATE_HOME: "/home/u/state" }, 0)).toEqual({});
});

test("the installed template says the same as the unit of one session", () => {
  const path = join(import.meta.dirname, "../../../../packaging/systemd/belay-georep@.service");
  const template = readFileSync(path, "utf8");
  const lines = [
    ...unitService("@bindir@/belay georep start --foreground %i"),
    ...unitHardening,
    `CapabilityBoundingSet=${unitCapabilities.join(" ")}`,
  ];
  for (const line of lines) expect(template).toContain(`${line}\n`);
  using place = makeCommandPlace();
  expectSystemdToTake(join(place.path, "x@.service"), template.replace("@bindir@/belay", "/bin/true"));
});

function expectSystemdToTake(path: string, unit: string): void {
  writeFileSync(path, unit);
  const { stderr, error } = spawnSync("systemd-analyze", ["verify", "--man=no", path], { encoding: "utf8" });
  if (error !== undefined) {
    console.warn("not checked: systemd-analyze is not installed");
    return;
  }
  expect(stderr.split("\n").filter((line) => line.includes(path) || line.includes("x.service"))).toEqual([]);
}
