import { userInfo } from "node:os";
import { expect, test } from "vitest";
import { placesOf } from "./places.ts";
import { userRunDirectory, userStateDirectory } from "./user-places.ts";

test("a variable that is empty or relative says nothing, and a home is known without one", () => {
  const home = userInfo().homedir;
  expect(userStateDirectory({ XDG_STATE_HOME: "/s", HOME: "/h" })).toBe("/s");
  expect(userStateDirectory({ XDG_STATE_HOME: "", HOME: "/h" })).toBe("/h/.local/state");
  expect(userStateDirectory({ XDG_STATE_HOME: "s", HOME: "" })).toBe(`${home}/.local/state`);
  expect(userStateDirectory({})).toBe(`${home}/.local/state`);
  expect([userRunDirectory({ XDG_RUNTIME_DIR: "/r" }), userRunDirectory({ XDG_RUNTIME_DIR: "" })]).toEqual([
    "/r",
    undefined,
  ]);
  expect(placesOf({ GLUSTERD_WORKDIR: "", DEFAULT_VAR_RUN_DIRECTORY: "", BELAY_LOG_DIR: "" })).toEqual(placesOf({}));
});
