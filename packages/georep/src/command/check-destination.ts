import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { BelayError, toError } from "@belay/supervise";
import { protocolSession } from "../roles/source-of.ts";
import { isRemembered } from "../secondary/survey.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { isInside, realPath } from "./check-source.ts";
import { endText, pathOf, shortEnd } from "./ends.ts";
import type { KnownSession } from "./known-session.ts";

/**
 * What keeps a directory of this machine from being a destination; empty when nothing does.
 *
 * It may be missing (it will be made), be empty, or be what this very session replicated to before.
 */
export function checkLocalDestination({ destination, id }: KnownSession, force: boolean): BelayError[] {
  const path = pathOf(destination);
  try {
    if (!existsSync(path)) return checkParent(path);
    if (!statSync(path).isDirectory())
      return [destinationProblem(`${path} is no directory`, "remove it, or choose another name")];
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    const isFree = force || isEmpty(path) || isRemembered(path, protocolSession(id));
    return isFree ? [] : [notEmpty(path)];
  } catch (error) {
    return [
      destinationProblem(`the destination cannot be written: ${toError(error).message}`, "check who may write there"),
    ];
  }
}

/** The destination has files that would be replaced or removed. */
export function notEmpty(path: string): BelayError {
  return new BelayError("ENOTEMPTY", `${path} is not empty: what is not in the source would be removed from it`, {
    hint: "choose an empty directory, or say --force",
  });
}

function checkParent(path: string): BelayError[] {
  const parent = existing(dirname(path));
  if (!statSync(parent).isDirectory())
    return [destinationProblem(`${parent} is no directory`, "choose another destination")];
  accessSync(parent, constants.W_OK | constants.X_OK);
  return [];
}

function existing(path: string): string {
  return path === "/" || existsSync(path) ? path : existing(dirname(path));
}

function isEmpty(path: string): boolean {
  return readdirSync(path).every((name) => name === stateDirectoryName);
}

/** Sessions that would get into each other's way: two that write to the same place, and pairs that replicate in a circle. */
export function checkOthers(known: KnownSession, all: readonly KnownSession[]): BelayError[] {
  return all
    .filter(({ id }) => id !== known.id)
    .flatMap((other) => {
      if (overlaps(known, other)) return [inUse(known, other)];
      return isCircle(known, other) ? [circle(known, other)] : [];
    });
}

function overlaps({ destination: a }: KnownSession, { destination: b }: KnownSession): boolean {
  if (a.scheme !== b.scheme || (a.scheme === "ssh" && b.scheme === "ssh" && a.host !== b.host)) return false;
  const [x, y] = a.scheme === "file" ? [realPath(pathOf(a)), realPath(pathOf(b))] : [pathOf(a), pathOf(b)];
  return isInside(x, y) || isInside(y, x);
}

function isCircle(a: KnownSession, b: KnownSession): boolean {
  if (a.destination.scheme !== "file" || b.destination.scheme !== "file") return false;
  const [toA, toB] = [realPath(a.destination.path), realPath(b.destination.path)];
  const [fromA, fromB] = [realPath(a.source.path), realPath(b.source.path)];
  return isInside(fromA, toB) && isInside(toA, fromB);
}

function inUse({ destination }: KnownSession, other: KnownSession): BelayError {
  return new BelayError("EINUSE", `${shortEnd(destination)} is written by the session ${other.name}`, {
    hint: `its destination is ${endText(other.destination)}: choose another, or delete that session`,
  });
}

function circle({ source }: KnownSession, other: KnownSession): BelayError {
  return new BelayError(
    "ECIRCLE",
    `${shortEnd(source)} is itself made from ${shortEnd(other.source)} (${other.name})`,
    {
      hint: "replication goes one way: delete that session first",
    },
  );
}

/** The destination cannot be one. */
export function destinationProblem(message: string, hint: string): BelayError {
  return new BelayError("EDESTINATION", message, { hint });
}
