import { open } from "../files/open.ts";
import { O_RDWR } from "../files/open-flags.ts";
import { F_WRLCK, setLockWait } from "../locks/record-lock.ts";

setLockWait(open(process.argv[2] ?? "", O_RDWR), { type: F_WRLCK, start: 10, length: 20 });
process.stdout.write("locked\n");
setInterval(() => undefined, 60_000);
