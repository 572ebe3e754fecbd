/** Entry of `gsyncd` when it runs from the sources. */
import { gsyncdVersion } from "./gsyncd-version.ts";

// glusterd and every run of the gluster command ask for it, so nothing else is loaded first.
if (process.argv.includes("--version", 2)) process.stdout.write(`${gsyncdVersion}\n`);
else {
  const { gsyncdMain } = await import("./gsyncd-main.ts");
  const { gsyncdRoles } = await import("../roles/lazy-roles.ts");
  process.exitCode = await gsyncdMain(process.argv.slice(2), process.env, gsyncdRoles);
}
