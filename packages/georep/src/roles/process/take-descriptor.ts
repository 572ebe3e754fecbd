/**
 * Number of a descriptor that whoever started this process has named in a variable; undefined: there is none. The variable goes: it is not for our own
 * children, whose descriptors are others.
 */
export function takeDescriptor(variable: string): number | undefined {
  const fd = Number(process.env[variable] ?? NaN);
  Reflect.deleteProperty(process.env, variable);
  return Number.isInteger(fd) ? fd : undefined;
}
