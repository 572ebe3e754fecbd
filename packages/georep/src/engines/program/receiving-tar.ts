/** What the receiving tar is called with: everything lands in one directory, whatever names come. */
export const receivingTar = (stage: string): string[] => [
  ...["-xf", "-", "-C", stage],
  ...["--no-same-owner", "--no-same-permissions", "--unlink-first", "--transform=s,.*/,,"],
];
