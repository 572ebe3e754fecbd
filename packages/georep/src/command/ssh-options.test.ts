import { expect, test } from "vitest";

import { sshOptions, withKey } from "./ssh-options.ts";

test("the key of a session is among options of the user's own, unless these name one", () => {
  expect(withKey("-oBatchMode=yes", "/k")).toBe("-oBatchMode=yes -oIdentitiesOnly=yes -i /k");
  for (const own of ["-i /mine", "-oBatchMode=yes -i /mine", "-i/mine", "-oIdentityFile=/mine"])
    expect(withKey(own, "/k")).toBe(own);
  expect(withKey("-oBatchMode=yes", undefined)).toBe("-oBatchMode=yes");
  expect(sshOptions({ key: "/k", port: 22, cipher: "-oC" })["ssh-options"]).toMatch(
    /accept-new -oC -oIdentitiesOnly=yes -i \/k$/,
  );
});
