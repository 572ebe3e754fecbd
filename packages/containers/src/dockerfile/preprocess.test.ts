import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { baseImages } from "./bases.ts";
import { includedFrom, includeFolders } from "./included.ts";
import { checksum, preprocess } from "./preprocess.ts";
import { readDockerfile, splitLines } from "./text.ts";

function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), "belay-test-dockerfile-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

test("comments and blank lines are out, everything else stays as it is", () => {
  expect(preprocess("# c\nFROM a\n\n \t\n  # kept\nRUN b \n", () => "")).toBe("FROM a\n  # kept\nRUN b \n");
});

test("an included Dockerfile stands for its line, through any number of levels", () => {
  const files: Readonly<Record<string, string>> = { one: "#\nFROM qemu/two\nRUN one", two: "FROM two" };
  expect(preprocess("FROM qemu/one\nRUN top\n", (name) => files[name] ?? "")).toBe("FROM two\nRUN one\nRUN top\n");
});

test("a Dockerfile that is its own base is refused with the way round", () => {
  expect(() => preprocess("FROM qemu/a\n", (name) => `FROM qemu/${name === "a" ? "b" : "a"}\n`)).toThrow("a -> b -> a");
});

test("lines end where Python ends them", () => {
  expect(splitLines("a\r\nb\rc\x0bd\x0ce\x1cf\x1dg\x1eh\x85i\u2028j\u2029k\n")).toEqual(Array.from("abcdefghijk"));
});

test("bytes that are no UTF-8 are refused, other line ends are read", () => {
  const path = folder({ a: "FROM a\r\nRUN b\rRUN c" });
  expect(readDockerfile(join(path, "a"))).toBe("FROM a\nRUN b\nRUN c");
  writeFileSync(join(path, "b"), Buffer.from([0x46, 0xff]));
  expect(() => readDockerfile(join(path, "b"))).toThrow("is not in UTF-8");
  expect(() => readDockerfile(join(path, "none"))).toThrow("is not there");
  expect(() => readDockerfile(path)).toThrow("is a folder");
});

test("the checksum is SHA-1 over UTF-8", () => {
  expect(checksum("FROM ü\n")).toBe("65f26c322eeafe2150342d369f54533b7641e486");
});

test("included files are looked for beside the program, then beside the Dockerfile; stage names are no part of theirs", () => {
  const path = folder({
    "tool/dockerfiles/a.docker": "tool",
    "own/a.docker": "own",
    "own/b.docker": "b",
    "own/debian-bootstrap.docker": "boot",
  });
  const read = includedFrom(includeFolders(join(path, "tool/docker.py"), join(path, "own/x.docker")));
  expect([read("a"), read("b"), read("b AS stage"), read("b:latest"), read("debian-mips-user")]).toEqual([
    "tool",
    "b",
    "b",
    "b",
    "boot",
  ]);
  expect(() => read("none")).toThrow(`FROM qemu/none: there is no none.docker in ${join(path, "tool/dockerfiles")} or`);
});

test("base images are those of FROM, COPY --from and mounts, without stages and scratch", () => {
  const dockerfile = `# syntax=docker/dockerfile:1
ARG VERSION=12
ARG FLAVOUR
FROM --platform=linux/amd64 debian:\${VERSION} AS build
RUN --mount=type=bind,from=tools:1,target=/t true && \\
    echo FROM nothing
FROM build AS next
COPY --chown=1 --from=busybox:latest /a /b
COPY --from=build /c /d
COPY --from=0 /c /d
FROM scratch
FROM image\${FLAVOUR:-plain}
FROM $FLAVOUR
from Debian:\${VERSION}
`;
  expect(baseImages(dockerfile)).toEqual(["debian:12", "tools:1", "busybox:latest", "imageplain", "Debian:12"]);
  expect(baseImages(dockerfile, new Map([["VERSION", "13"], ["FLAVOUR", "x"]]))).toEqual(["debian:13", "tools:1", "busybox:latest", "imagex", "x", "Debian:13"]); // prettier-ignore
});

test("what stands in here-documents is no instruction", () => {
  const dockerfile = `FROM a
RUN <<ONE cat <<-"TWO" >/x
FROM b
ONE
COPY --from=c /x /
\tTWO
COPY --from=d /x /
RUN cat <<<word; echo $((1<<2))
COPY <<EOF /y
FROM e
EOF
FROM f
`;
  expect(baseImages(dockerfile)).toEqual(["a", "d", "f"]);
});
