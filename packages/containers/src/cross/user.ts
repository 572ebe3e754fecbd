import { userInfo } from "node:os";

/** The calling user, as added to images. */
export interface CurrentUser {
  readonly name: string;
  readonly uid: number;
}

/** Name and number of the real user. @throws the system's error when the number has no name */
export function currentUser(): CurrentUser {
  return { name: userInfo().username, uid: process.getuid?.() ?? 0 };
}

/** The Dockerfile instruction that adds the user unless the image has one of that name. No newline at the end. */
export function addUserInstruction({ name, uid }: CurrentUser): string {
  return `RUN id ${name} 2>/dev/null || useradd -u ${uid} -U ${name}`;
}
