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

/** A number of bytes for people: three digits and a unit. */
export function formatByteSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), 4);
  const value = bytes / 2 ** (10 * power);
  return `${value.toPrecision(value >= 1000 ? 4 : 3)} ${"KMGT"[power - 1] ?? ""}iB`;
}
