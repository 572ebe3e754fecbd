/** What `build` was asked for. */
export interface BuildRequest {
  readonly tag: string;
  /** Path of the Dockerfile. */
  readonly dockerfile: string;
  /** Folders that hold the Dockerfiles behind `FROM qemu/NAME`. */
  readonly includeFolders: readonly string[];
  /** An emulator or other program to put into the context with its libraries. */
  readonly executable: string | undefined;
  /** Put the executable at its own path, whatever the kernel's registration says. */
  readonly skipBinfmt: boolean;
  readonly extraFiles: readonly string[];
  readonly addUser: boolean;
  /** Where layers may be fetched from, `HOST[:PORT]`. */
  readonly registry: string | undefined;
  readonly quiet: boolean;
  /** Words for the engine's build command. */
  readonly engineArgs: readonly string[];
  /**
   * `compatible`: the engine gets exactly the calls of the Python tool, and an image is stale by its rules and by a changed executable or extra
   * file. `full`: everything that goes in counts, base images too, and the rebuild key is recorded.
   */
  readonly mode: "compatible" | "full";
}
