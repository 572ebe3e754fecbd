/** Every label this package writes or reads. */
export const labels = {
  /** SHA-1 of the preprocessed Dockerfile; the Python tool's, read and written by both. */
  dockerfile: "com.qemu.dockerfile-checksum",
  /** Identity of one run; the Python tool's. Whoever has it may be removed by `clean`. */
  instance: "com.qemu.instance.uuid",
  /** SHA-256 over {@link labels.parts}; ours. */
  key: "belay.rebuild-key",
  /** What the key is made of, part by part, so that a difference can be named; ours. */
  parts: "belay.rebuild-parts",
  /** On networks made for one run: its {@link labels.instance}; ours. */
  network: "belay.instance",
} as const;

/** Label with the SHA-1 of an extra file, by the name given on the command line; the Python tool's. */
export function fileLabel(name: string): string {
  return `com.qemu.${name}-checksum`;
}
