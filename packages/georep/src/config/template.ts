/** What `${name}` stands for; undefined: it stays as it is. */
export type Variables = (name: string) => string | undefined;

/** Fills in `${name}` and `$name`; `$$` is a dollar sign, and what nobody knows stays literally. */
export function fillTemplate(text: string, variables: Variables): string {
  return text.replace(
    /\$(?:(\$)|\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g,
    (whole, dollar?: string, braced?: string, bare?: string) => {
      return dollar ?? variables(braced ?? bare ?? "") ?? whole;
    },
  );
}
