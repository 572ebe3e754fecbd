/**
 * An option that the grammar lets be left out but the command needs. An error of its own, as the way to an up-to-date image loads nothing it
 * does not need, the error classes of the supervisor included.
 */
export class MissingOption extends Error {
  constructor(option: string) {
    super(`${option} is missing`);
    this.name = "MissingOption";
  }
}
