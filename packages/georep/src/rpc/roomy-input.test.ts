import { closeSync, constants, openSync, writeSync } from "node:fs";

import { close, pipe, setNonBlocking } from "@belay/linux";
import { expect, test } from "vitest";

import { makeRoomyPipe } from "./roomy-input.ts";

test("a pipe takes a mebibyte of what nobody has read yet", () => {
  const { readEnd, writeEnd } = pipe();
  try {
    setNonBlocking(writeEnd, true);
    makeRoomyPipe(readEnd);
    expect(writeSync(writeEnd, Buffer.alloc(2 << 20))).toBe(1 << 20);
  } finally {
    for (const end of [readEnd, writeEnd]) close(end);
  }
});

test("what is no pipe stays as it is", () => {
  const fd = openSync("/dev/null", constants.O_RDONLY);
  try {
    makeRoomyPipe(fd);
  } finally {
    closeSync(fd);
  }
});
