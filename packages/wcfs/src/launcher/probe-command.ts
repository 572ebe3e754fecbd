/** First argument of `wcfs` that makes it a probe of a mount. Not for users: no option or zurl looks like it. */
export const probeCommand = ".probe";
