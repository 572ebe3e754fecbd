import { ZodbError } from "../errors/zodb-error.ts";

/** Exactly 16 hexadecimal digits, as both kinds of id are printed. */
export function parseHex16(text: string, what: "oid" | "tid"): bigint {
  if (!/^[0-9a-fA-F]{16}$/.test(text)) {
    throw new ZodbError("EFORMAT", `${JSON.stringify(text)} is no ${what}`, {
      hint: `an ${what === "oid" ? "oid" : "id of a transaction"} is written as 16 hexadecimal digits`,
    });
  }
  return BigInt(`0x${text}`);
}
