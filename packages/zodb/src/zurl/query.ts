/** Options of a URL in their order; a key may occur more than once. */
export type QueryOptions = readonly (readonly [key: string, value: string])[];

/** Decodes `key=value&…` as Python's parse_qsl does: keys without a value are dropped. */
export function parseQuery(query: string): QueryOptions {
  return query
    .split("&")
    .map((option): [string, string] => {
      const at = option.indexOf("=");
      return at < 0 ? [option, ""] : [decode(option.slice(0, at)), decode(option.slice(at + 1))];
    })
    .filter(([, value]) => value !== "");
}

// What is no UTF-8 becomes U+FFFD, what is no escape stays: decodeURIComponent would throw.
function decode(text: string): string {
  const spaced = text.replaceAll("+", " ");
  return spaced.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) =>
    Buffer.from(escapes.replaceAll("%", ""), "hex").toString("utf8"),
  );
}

/** Encodes options as Python's urlencode does: everything but letters, digits and `_.-~`, space as `+`. */
export function encodeQuery(options: QueryOptions): string {
  return options.map(([key, value]) => `${encode(key)}=${encode(value)}`).join("&");
}

function encode(text: string): string {
  const escaped = encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return escaped.replaceAll("%20", "+");
}

/** Order of code points, which is the order of the UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
