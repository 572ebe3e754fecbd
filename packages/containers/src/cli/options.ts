import { Mistake } from "../errors/mistake.ts";
import type { Values } from "./argparse/spec.ts";

/** The text given for an option or positional. */
export function text(values: Values, name: string): string | undefined {
  const value = values.get(name);
  return typeof value === "string" ? value : undefined;
}

/** As {@link text}, for what a command cannot do without. @throws Mistake `EMISSING` */
export function needed(values: Values, name: string, option: string): string {
  const value = text(values, name);
  if (value === undefined) throw new Mistake("EMISSING", `${option} is missing`, "--help tells what it stands for");
  return value;
}

/** Whether a flag was given. */
export function given(values: Values, name: string): boolean {
  return values.get(name) === true;
}

/** The words of an option that takes any number of them. */
export function words(values: Values, name: string): readonly string[] {
  const value = values.get(name);
  return Array.isArray(value) ? (value as readonly string[]) : [];
}
