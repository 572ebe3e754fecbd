import { ZodbError } from "../errors/zodb-error.ts";

const TRUE = new Set(["1", "true", "yes", "on"]);
const FALSE = new Set(["0", "false", "no", "off"]);

/** @throws ZodbError `EFORMAT` unless it is one of 0/1, true/false, yes/no, on/off, in any case */
export function parseFlag(name: string, value: string): boolean {
  const text = value.toLowerCase();
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw new ZodbError("EFORMAT", `${name}=${value}: a flag is 0 or 1, true or false, yes or no, on or off`);
}
