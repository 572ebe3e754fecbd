// A receiving end at the end of a long line: what goes through arrives later. Arguments: milliseconds for each way, program and its arguments.
import { spawn } from "node:child_process";
import { PassThrough, type Readable, type Writable } from "node:stream";

const [delay = "", program = "", ...args] = process.argv.slice(2);

function pass(from: Readable, to: Writable): void {
  const line = new PassThrough();
  line.pipe(to);
  from.on("data", (bytes: Buffer) => setTimeout(() => line.write(bytes), Number(delay)));
  from.on("end", () => setTimeout(() => line.end(), Number(delay)));
}

const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
pass(process.stdin, child.stdin);
pass(child.stdout, process.stdout);
child.stdin.on("error", () => undefined);
child.on("exit", (code) => (process.exitCode = code ?? 1));
