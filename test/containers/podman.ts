import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EngineHost, outputOf } from "./host.ts";

/** What keeps a real podman from being used; undefined when nothing does. */
export function podmanMissing(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root: podman's storage is mounted";
  for (const program of ["podman", "runc"]) {
    if (spawnSync(program, ["--version"]).status !== 0)
      return `needs ${program}: apt-get install podman runc fuse-overlayfs`;
  }
  return existsSync("/bin/busybox") ? undefined : "needs a static busybox: apt-get install busybox-static";
}

/** A podman with a storage of its own in a temporary folder, and our command lines that use it. */
export class Podman extends EngineHost implements Disposable {
  constructor() {
    super("podman", (folder) => ({
      CONTAINERS_CONF: join(folder, "containers.conf"),
      CONTAINERS_STORAGE_CONF: join(folder, "storage.conf"),
    }));
    writeFileSync(
      this.path("containers.conf"),
      `[containers]
default_ulimits=["nofile=20000:20000","nproc=32768:32768"]
netns="host"
[engine]
runtime="runc"
`,
    );
    writeFileSync(
      this.path("storage.conf"),
      `[storage]
driver="overlay"
graphroot="${this.path("graph")}"
runroot="${this.path("runroot")}"
`,
    );
  }

  engine(...args: string[]): string {
    return this.podman(...args);
  }

  podman(...args: string[]): string {
    return outputOf("podman", args, this.env);
  }

  protected containers(): string[] {
    return this.podman("ps", "-a", "--external", "--format", "container {{.Names}} {{.Status}}").split("\n");
  }

  [Symbol.dispose](): void {
    spawnSync("podman", ["rm", "-fa"], { env: this.env });
    spawnSync("podman", ["rmi", "-fa"], { env: this.env });
    spawnSync("umount", ["-l", this.path("graph/overlay")]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
