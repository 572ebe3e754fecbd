import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BelayError, BugError, hasCode, isUserError, renderError } from "../index.ts";

function thrown(f: () => unknown): unknown {
  try {
    f();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

test("a user error is one line, its causes, and a hint", () => {
  const cause = thrown(() => readFileSync("/nonexistent/belay"));
  const error = new BelayError("ELOCKED", "a.pid is held by process 7", { hint: "stop it", cause, pid: 7 });

  const { text, exitCode } = renderError(error, { program: "belay" });

  expect(text).toMatch(/^belay: a\.pid is held by process 7: ENOENT: .*\n {2}hint: stop it$/);
  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ code: "ELOCKED", pid: 7, facts: { pid: 7 } });
});

test("a cause that the message quotes is not told again", () => {
  const cause = new BelayError("EX", "no room", { cause: new Error("disk full") });
  expect(renderError(new BelayError("EY", "cannot write: no room: disk full", { cause })).text).toBe(
    "cannot write: no room: disk full",
  );
});

test("an errno of the system is a user error without a stack", () => {
  const { text, json } = renderError(thrown(() => readFileSync("/nonexistent/belay")));
  expect(text).not.toContain("\n");
  expect(JSON.parse(json)).toMatchObject({ error: { code: "ENOENT" } });
});

test("a bug shows its stack, the stack of its cause, and leaves with 70", () => {
  const error = thrown(() => (undefined as unknown as { x: number }).x);
  expect(renderError(error).text).toContain("render.test.ts");
  expect(renderError(error).exitCode).toBe(70);
  const bug = new BugError("no block 7", { cause: error });
  expect(isUserError(bug)).toBe(false);
  expect(renderError(bug).text).toMatch(/no block 7[^]*caused by: TypeError[^]*render\.test\.ts/);
});

test("errors of another copy of these classes are known as what they are, those of their heirs only to the heirs", async () => {
  class Heir extends BelayError {}
  const copy = "../errors/belay-error.ts?copy";
  const other = (await import(copy)) as typeof import("./belay-error.ts");
  expect(other.BelayError).not.toBe(BelayError);
  const [error, bug] = [new other.BelayError("EX", "no"), new other.BugError("no")];
  expect([error instanceof BelayError, error instanceof BugError, error instanceof Heir]).toEqual([true, false, false]);
  expect([bug instanceof BelayError, bug instanceof BugError, isUserError(bug)]).toEqual([true, true, false]);
  expect([new Heir("EX", "no") instanceof Heir, new Heir("EX", "no") instanceof other.BelayError]).toEqual([
    true,
    true,
  ]);
  expect(new Error("no") instanceof BelayError).toBe(false);
});

test("the JSON form has code, message and the hint where there is one", () => {
  expect(JSON.parse(renderError(new BelayError("EX", "no", { hint: "do" })).json)).toEqual({
    error: { code: "EX", message: "no", hint: "do" },
  });
  expect(JSON.parse(renderError(new BelayError("EX", "no")).json)).toEqual({ error: { code: "EX", message: "no" } });
});

test("exit codes are mapped by code, then by kind", () => {
  const exitCodes = { user: 3, bug: 4, byCode: { EX: 9 } };
  expect(renderError(new BelayError("EX", "x"), { exitCodes }).exitCode).toBe(9);
  expect(renderError(new BelayError("EY", "y"), { exitCodes }).exitCode).toBe(3);
  expect(renderError(new BelayError("EUSAGE", "y"), { exitCodes }).exitCode).toBe(2);
  expect(renderError("a string", { exitCodes }).exitCode).toBe(4);
});

test("codes of both kinds of errors can be asked for", () => {
  expect(
    hasCode(
      thrown(() => readFileSync("/nonexistent/belay")),
      "EPERM",
      "ENOENT",
    ),
  ).toBe(true);
  expect(hasCode(new BelayError("EX", "x"), "ENOENT")).toBe(false);
  expect(hasCode(undefined, "ENOENT")).toBe(false);
});
