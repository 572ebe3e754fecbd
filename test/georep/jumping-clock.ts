// Loaded before a program (`node --import`): its clock of the day is off by the seconds that stand in a file, from one call to the next.
import { readFileSync } from "node:fs";

const path = process.env["BELAY_TEST_CLOCK"] ?? "";
const real = Date.now.bind(Date);
const RealDate = Date;

function offset(): number {
  try {
    return Number(readFileSync(path, "utf8")) * 1000;
  } catch {
    return 0;
  }
}

class JumpingDate extends RealDate {
  constructor(value?: number | string) {
    super(value ?? real() + offset());
  }
  static override now = () => real() + offset();
}

Object.assign(globalThis, { Date: JumpingDate });
