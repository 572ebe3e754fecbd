/** Values that gsyncd prints as JSON. */
export type JsonValue = string | boolean | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** JSON on one line, with blanks after commas and colons and nothing but ASCII, as Python's `json.dumps` writes it. */
export function formatJson(value: JsonValue): string {
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return `[${value.map(formatJson).join(", ")}]`;
  const entries = Object.entries(value as Readonly<Record<string, JsonValue>>);
  return `{${entries.map(([key, item]) => `${quote(key)}: ${formatJson(item)}`).join(", ")}}`;
}

function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => {
    return unit === "\u007f" ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
