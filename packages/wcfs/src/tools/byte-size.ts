import { userError } from "@belay/supervise";

const units: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/**
 * A number of bytes as people write it: `4096`, `64K`, `2M`, `1G`. Units are powers of 1024.
 *
 * @throws BelayError `EUSAGE`
 */
export function parseByteSize(text: string): number {
  const [, digits = "", unit = ""] = /^(\d+)([KMGT]?)(?:i?B)?$/i.exec(text) ?? [];
  const bytes = Number(digits) * (units[unit.toUpperCase()] ?? NaN);
  if (digits !== "" && Number.isSafeInteger(bytes)) return bytes;
  throw userError("EUSAGE", `"${text}" is no number of bytes`, { hint: "write it as 4096, 64K, 2M or 1G" });
}
