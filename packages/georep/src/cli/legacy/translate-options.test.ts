import { expect, test } from "vitest";

import { translateOptions } from "./translate-options.ts";

test("who does not ask for tar has not asked for rsync", () => {
  expect(translateOptions(new Map([["use_tarssh", "false"]])).has("sync-method")).toBe(false);
  expect(translateOptions(new Map([["use_tarssh", "True"]])).get("sync-method")).toBe("tarssh");
});

test("what 2014 called options of rsync's ssh went to rsync itself", () => {
  const values = new Map([
    ["rsync_options", "--whole-file"],
    ["rsync_ssh_options", "--compress"],
  ]);
  const translated = translateOptions(values);
  expect(translated.get("rsync-options")).toBe("--whole-file --compress");
  expect(translated.has("rsync-ssh-options")).toBe(false);
});
