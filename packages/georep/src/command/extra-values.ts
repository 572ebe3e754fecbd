/** A number of an object of unknown form; undefined when it has none under that name. */
export function numberIn(object: object | undefined, name: string): number | undefined {
  const value = valueIn(object, name);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** A text of an object of unknown form; undefined when it has none, or an empty one. */
export function textIn(object: object | undefined, name: string): string | undefined {
  const value = valueIn(object, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** An object within one. */
export function objectIn(object: object | undefined, name: string): object | undefined {
  const value = valueIn(object, name);
  return typeof value === "object" && value !== null ? value : undefined;
}

function valueIn(object: object | undefined, name: string): unknown {
  return object === undefined || !Object.hasOwn(object, name) ? undefined : Reflect.get(object, name);
}
