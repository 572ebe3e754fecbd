let conflicts = 0;

/** A name in `conflicts/` that nothing else has. */
export function conflictName(name: Buffer): Buffer {
  const prefix = Buffer.from(`${Date.now()}-${conflicts++}-`);
  return Buffer.concat([prefix, name.subarray(0, 255 - prefix.length)]);
}
