/**
 * Number of a descriptor that whoever started this process has named in a variable; undefined: there is none. The variable goes: it is not for our own
 * children, whose descriptors are others.
 */
export function takeDescriptor(variable: string): number | undefined {
  const text = process.env[variable];
  Reflect.deleteProperty(process.env, variable);
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
