import { createHash } from "node:crypto";
import type { Case } from "./recording.ts";
import type { Answer } from "./stand-in-engine.ts";

const plain = "# a comment\nFROM debian:12\n\nRUN true\n";
const plainSum = sum("FROM debian:12\nRUN true\n");

function sum(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

function fails(...words: string[]): Answer {
  return { words, status: 125, stderr: "no such thing\n" };
}

/** An engine that knows one image, with these labels. */
function image(labels: Readonly<Record<string, string>> | null, created = "2020-02-03T04:05:06.789012345Z"): Answer[] {
  const answer = [{ Id: "sha256:11", Created: created, Config: { Labels: labels } }];
  const stdout = `${JSON.stringify(answer)}\n`;
  return [
    { words: ["podman", "inspect"], stdout },
    { words: ["docker", "inspect"], stdout },
    { words: ["sudo", "-n", "docker", "inspect"], stdout },
  ];
}

const noImage = [fails("podman", "inspect"), fails("docker", "inspect"), fails("sudo", "-n", "docker", "inspect")];
const noPodman = fails("podman", "version");
const onlySudo = [noPodman, fails("docker", "version")];
const nothing = [...onlySudo, fails("sudo")];
const current = image({ "com.qemu.dockerfile-checksum": plainSum });
const build = ["build", "-t", "qemu/x", "-f", "x.docker"];
const x = { "x.docker": plain };

const probes: Case[] = [
  { name: "probe finds podman first", argv: ["probe"] },
  { name: "probe finds docker when podman does not work", argv: ["probe"], answers: [noPodman] },
  { name: "probe finds docker through sudo last", argv: ["probe"], answers: onlySudo },
  { name: "probe says no and succeeds when nothing works", argv: ["probe"], answers: nothing },
  { name: "probe asks docker alone with --engine docker", argv: ["--engine", "docker", "probe"] },
  { name: "probe asks podman alone with --engine PODMAN", argv: ["--engine=PODMAN", "probe"], answers: [noPodman] },
  { name: "probe asks all with --engine auto", argv: ["--engine", "auto", "probe", "--quiet"], answers: onlySudo },
];

const moreProbes: Case[] = [
  { name: "probe without podman and docker on the machine", argv: ["probe"], absent: ["podman", "docker"] },
  { name: "probe without any engine on the machine", argv: ["probe"], absent: ["podman", "docker", "sudo"] },
  { name: "probe when podman dies", argv: ["probe"], answers: [{ words: ["podman", "version"], signal: "SIGKILL" }] },
  { name: "probe with words it does not know", argv: ["probe", "--fast", "now"] },
  { name: "probe with --engine and no value", argv: ["--engine"] },
  { name: "probe with a shortened option", argv: ["--eng", "docker", "probe", "--qui"] },
];

const builds: Case[] = [
  { name: "build of an image that is not there", argv: build, files: x, answers: noImage },
  { name: "build of a current image", argv: build, files: x, answers: current },
  { name: "quiet build of a current image", argv: [...build, "--quiet"], files: x, answers: current },
  {
    name: "build of an image from another Dockerfile",
    argv: build,
    files: x,
    answers: image({ "com.qemu.dockerfile-checksum": "0" }),
  },
  { name: "build of an image without labels", argv: build, files: x, answers: image(null) },
  {
    name: "build when inspect answers nonsense",
    argv: build,
    files: x,
    answers: [{ words: ["podman", "inspect"], stdout: "[" }],
  },
  { name: "build with --no-cache asks for no label", argv: [...build, "--no-cache"], files: x, answers: current },
  { name: "quiet build", argv: [...build, "--quiet"], files: x, answers: noImage },
  { name: "build with the user added", argv: [...build, "-u"], files: x, answers: noImage },
  {
    name: "build hands on what it does not know",
    argv: [...build, "--squash", "--build-arg", "A=b", "word"],
    files: x,
    answers: noImage,
  },
  {
    name: "build hands on what stands behind two dashes",
    argv: [...build, "--", "--quiet"],
    files: x,
    answers: noImage,
  },
  {
    name: "build with extra files",
    argv: [...build, "--extra-files", "a.txt", "sub/b.sh"],
    files: { ...x, "a.txt": "a", "sub/b.sh": "b" },
    answers: noImage,
  },
  {
    name: "build with a missing extra file",
    argv: [...build, "--extra-files", "a.txt", "none"],
    files: { ...x, "a.txt": "a" },
    answers: noImage,
  },
  {
    name: "build with a changed extra file",
    argv: [...build, "--extra-files", "a.txt"],
    files: { ...x, "a.txt": "a" },
    answers: image({ "com.qemu.dockerfile-checksum": plainSum, "com.qemu.a.txt-checksum": sum("old") }),
    better: { why: "an extra file that changed makes the image stale", stdout: "", calls: 3 },
  },
  {
    name: "build with the same extra file",
    argv: [...build, "--extra-files", "a.txt"],
    files: { ...x, "a.txt": "a" },
    answers: image({ "com.qemu.dockerfile-checksum": plainSum, "com.qemu.a.txt-checksum": sum("a") }),
  },
  {
    name: "build passes proxies on in the environment's order",
    argv: build,
    files: x,
    answers: noImage,
    env: { HTTPS_PROXY: "http://s:1", http_proxy: "http://a:2/?b=c", no_proxy: "x", FTP_PROXY: "" },
  },
  { name: "build with docker uses BuildKit", argv: build, files: x, answers: [noPodman, ...noImage] },
  { name: "build with docker through sudo uses BuildKit", argv: build, files: x, answers: [...onlySudo, ...noImage] },
  {
    name: "build on Travis uses no BuildKit",
    argv: build,
    files: x,
    answers: [noPodman, ...noImage],
    env: { TRAVIS: "" },
  },
  {
    name: "build on GitLab uses no BuildKit",
    argv: build,
    files: x,
    answers: [noPodman, ...noImage],
    env: { GITLAB_CI: "1" },
  },
  {
    name: "build keeps a DOCKER_BUILDKIT of the user's for podman",
    argv: build,
    files: x,
    answers: noImage,
    env: { DOCKER_BUILDKIT: "0" },
  },
  {
    name: "build inlines what is included, for the checksum alone",
    argv: build,
    files: {
      "x.docker": "FROM qemu/base\nRUN x\n",
      "dockerfiles/base.docker": "FROM qemu/root\nRUN b\n",
      "dockerfiles/root.docker": "#\nFROM r",
    },
    answers: noImage,
  },
  {
    name: "build is current by what is included",
    argv: build,
    files: { "x.docker": "FROM qemu/base\nRUN x\n", "dockerfiles/base.docker": "FROM r\n  \n# c\nRUN b" },
    answers: image({ "com.qemu.dockerfile-checksum": sum("FROM r\nRUN b\nRUN x\n") }),
  },
  {
    name: "build takes every Debian user image from one Dockerfile",
    argv: build,
    files: { "x.docker": "FROM qemu/debian-mips-user\n", "dockerfiles/debian-bootstrap.docker": "FROM scratch\n" },
    answers: noImage,
  },
  {
    name: "build fails when an included Dockerfile is missing",
    argv: build,
    files: { "x.docker": "FROM qemu/none\n" },
    answers: noImage,
  },
  {
    name: "build reads other line ends and separators",
    argv: build,
    files: { "x.docker": "FROM a\r\nRUN b\fRUN c\u2028#d\r \u001f\nRUN e\u0085#f\v" },
    answers: noImage,
  },
  {
    name: "build of a Dockerfile without a last newline",
    argv: [...build, "-u"],
    files: { "x.docker": "FROM a" },
    answers: noImage,
  },
  { name: "build without a Dockerfile on disk", argv: build },
  { name: "build without -f", argv: ["build", "-t", "x"] },
  {
    name: "build takes bases and cache from a registry",
    argv: [...build, "-r", "reg:5000"],
    files: {
      "x.docker": "# FROM qemu/ghost\nFROM qemu/base\nCOPY --from=a b\nFROM qemu/other",
      "dockerfiles/base.docker": "FROM b",
      "dockerfiles/other.docker": "FROM o",
    },
    answers: noImage,
  },
  {
    name: "build does without the registry when it lacks a base",
    argv: [...build, "--registry", "reg:5000", "--quiet"],
    files: {
      "x.docker": "FROM qemu/base\nFROM qemu/other\n",
      "dockerfiles/base.docker": "FROM b",
      "dockerfiles/other.docker": "FROM o",
    },
    answers: [fails("podman", "pull"), ...noImage],
  },
  {
    name: "build with a registry and no base of it",
    argv: [...build, "--reg=reg"],
    files: x,
    answers: [fails("podman", "pull"), ...noImage],
  },
  {
    name: "build runs the script beside the Dockerfile in the context",
    argv: build,
    files: { ...x, "x.pre": "#!/bin/sh\necho preparing\necho made > made; chmod 600 made; ln -s made link\n" },
    answers: noImage,
  },
  {
    name: "quiet build keeps the script quiet",
    argv: [...build, "--quiet"],
    files: { ...x, "x.pre": "#!/bin/sh\necho preparing\n" },
    answers: noImage,
  },
  {
    name: "build is skipped when the script says so",
    argv: build,
    files: { ...x, "x.pre": "#!/bin/sh\nexit 3\n" },
    answers: noImage,
  },
  {
    name: "build fails with the script",
    argv: build,
    files: { ...x, "x.pre": "#!/bin/sh\nexit 5\n" },
    answers: noImage,
  },
  {
    name: "build fails when the script is killed",
    argv: build,
    files: { ...x, "x.pre": "#!/bin/sh\nkill -9 $$\n" },
    answers: noImage,
  },
  {
    name: "build fails with the engine",
    argv: build,
    files: x,
    answers: [...noImage, { words: ["podman", "build"], status: 7 }],
  },
  { name: "build without an engine", argv: build, files: x, answers: nothing },
  {
    name: "build with an executable the kernel does not know",
    argv: [...build, "-e", "bin/qemu-nothing"],
    files: { ...x, "bin/qemu-nothing": "#!/bin/sh\n" },
    answers: noImage,
  },
  {
    name: "build with a static executable at its own path",
    argv: [...build, "--skip-binfmt", "-e", "bin/qemu-nothing"],
    files: { ...x, "bin/qemu-nothing": "#!/bin/sh\n" },
    answers: noImage,
  },
  {
    name: "build with a missing executable",
    argv: [...build, "--skip-binfmt", "-e", "bin/none"],
    files: x,
    answers: noImage,
  },
  {
    name: "build with a dynamic executable and its libraries",
    argv: [...build, "--skip-binfmt", "-e", "/usr/bin/git"],
    files: x,
    answers: noImage,
    program: "/usr/bin/git",
    better: { why: "the kernel's vdso is no file to copy", stdout: "" },
  },
];

const moreBuilds: Case[] = [
  {
    name: "build of an image that inspect knows nothing of",
    argv: build,
    files: x,
    answers: [{ words: ["podman", "inspect"], stdout: "[]" }],
  },
  {
    name: "build of an image without a configuration",
    argv: build,
    files: x,
    answers: [{ words: ["podman", "inspect"], stdout: "[{}]" }],
  },
  {
    name: "build overrides a DOCKER_BUILDKIT of the user's for docker",
    argv: build,
    files: x,
    answers: [noPodman, ...noImage],
    env: { DOCKER_BUILDKIT: "0" },
  },
  {
    name: "a script beside the Dockerfile gets docker's environment",
    argv: build,
    files: { ...x, "x.pre": '#!/bin/sh\necho "BUILDKIT=$DOCKER_BUILDKIT"\n' },
    answers: [noPodman, ...noImage],
  },
  {
    name: "quiet build with a registry",
    argv: [...build, "-r", "reg:5000", "--quiet"],
    files: { "x.docker": "FROM qemu/base\n", "dockerfiles/base.docker": "FROM b" },
    answers: noImage,
  },
  {
    name: "build with a registry that lacks the image itself",
    argv: [...build, "-r", "reg:5000"],
    files: { "x.docker": "FROM qemu/base\n", "dockerfiles/base.docker": "FROM b" },
    answers: [{ ...fails("podman", "pull", "reg:5000/qemu/x"), stderr: "403 Forbidden\n" }, ...noImage],
  },
  {
    name: "build with a registry that forbids the second base",
    argv: [...build, "-r", "reg:5000"],
    files: {
      "x.docker": "FROM qemu/base\nFROM qemu/other\n",
      "dockerfiles/base.docker": "FROM b",
      "dockerfiles/other.docker": "FROM o",
    },
    answers: [{ ...fails("podman", "pull", "reg:5000/qemu/other"), stderr: "403 Forbidden\n" }, ...noImage],
  },
  {
    name: "build with docker takes bases and cache from a registry",
    argv: [...build, "-r", "reg:5000", "--build-arg", "A=b"],
    files: { "x.docker": "FROM qemu/base\n", "dockerfiles/base.docker": "FROM b" },
    answers: [noPodman, ...noImage],
    env: { HTTP_PROXY: "http://p:1" },
  },
  {
    name: "build with a stage that bears a name",
    argv: build,
    files: { "x.docker": "FROM qemu/base AS first\n", "dockerfiles/base.docker": "FROM b" },
    answers: noImage,
    better: { why: "the name of a stage is no part of the name of an image", status: 0, calls: 3 },
  },
  {
    name: "build with a circle of included Dockerfiles",
    argv: build,
    files: {
      "x.docker": "FROM qemu/a\n",
      "dockerfiles/a.docker": "FROM qemu/b",
      "dockerfiles/b.docker": "FROM qemu/a",
    },
    answers: current,
  },
  { name: "build of an empty Dockerfile", argv: build, files: { "x.docker": "" }, answers: noImage },
  {
    name: "build of a Dockerfile with a byte order mark",
    argv: build,
    files: { "x.docker": "\ufeffFROM a\n" },
    answers: noImage,
  },
  {
    name: "build of a Dockerfile with a here-document",
    argv: build,
    files: { "x.docker": "FROM a\nRUN <<E\n# no comment\n\nFROM qemu/x\nE\n", "dockerfiles/x.docker": "FROM b" },
    answers: noImage,
  },
  { name: "build of a folder", argv: ["build", "-t", "x", "-f", "bin"] },
  {
    name: "build without -t",
    argv: ["build", "-f", "x.docker"],
    files: x,
    better: { why: "told before any engine is asked", calls: 0 },
  },
  {
    name: "build with files of one name",
    argv: [...build, "--extra-files", "a/f", "b/f"],
    files: { ...x, "a/f": "1", "b/f": "2" },
    answers: noImage,
  },
  {
    name: "build with a file by its full path",
    argv: [...build, "--extra-files", "WORK/a"],
    files: { ...x, a: "1" },
    answers: noImage,
  },
  {
    name: "build with a file whose name has a blank",
    argv: [...build, "--extra-files", "a b"],
    files: { ...x, "a b": "1" },
    answers: noImage,
    better: { why: "the label's name is quoted", calls: 3 },
  },
  {
    name: "build with a folder among the extra files",
    argv: [...build, "--extra-files", "bin"],
    files: x,
    answers: noImage,
  },
  { name: "build with --extra-files and none", argv: [...build, "--extra-files"], files: x, answers: noImage },
  {
    name: "build with links among the extra files",
    argv: [...build, "--extra-files", "link"],
    files: { ...x, real: "1" },
    links: { link: "real" },
    answers: noImage,
  },
  {
    name: "build with an executable behind a link",
    argv: [...build, "--skip-binfmt", "-e", "link"],
    files: { ...x, "bin/real": "#!/bin/sh\n" },
    links: { link: "bin/real" },
    answers: noImage,
  },
  {
    name: "build with a dynamic executable behind a link",
    argv: [...build, "--skip-binfmt", "-e", "WORK/tool"],
    files: x,
    links: { tool: "/usr/bin/git" },
    answers: noImage,
    program: "/usr/bin/git",
    better: { why: "the kernel's vdso is no file to copy", stdout: "" },
  },
  {
    name: "build with an executable by its full path",
    argv: [...build, "--skip-binfmt", "-e", "WORK/bin/own", "--extra-files", "x.docker"],
    files: { ...x, "bin/own": "#!/bin/sh\n" },
    answers: noImage,
  },
  {
    name: "build with --skip-binfmt alone",
    argv: [...build, "--skip-binfmt"],
    files: x,
    answers: noImage,
  },
  {
    name: "quiet build that is skipped says so",
    argv: [...build, "--quiet"],
    files: { ...x, "x.pre": "#!/bin/sh\nexit 3\n" },
    answers: noImage,
  },
  {
    name: "quiet build whose script fails says so",
    argv: [...build, "--quiet"],
    files: { ...x, "x.pre": "#!/bin/sh\nexit 1\n" },
    answers: noImage,
  },
  {
    name: "build with a script in another folder",
    argv: ["build", "-t", "qemu/x", "-f", "sub/x.docker"],
    files: { "sub/x.docker": plain, "sub/x.pre": "#!/bin/sh\nmkdir d; echo made > d/made\n" },
    answers: noImage,
  },
  {
    name: "build with a script and a Dockerfile without a suffix",
    argv: ["build", "-t", "qemu/x", "-f", "Dockerfile"],
    files: { Dockerfile: plain, "Dockerfile.pre": "#!/bin/sh\necho > made\n" },
    answers: noImage,
  },
  {
    name: "a current image needs no script",
    argv: build,
    files: { ...x, "x.pre": "#!/bin/sh\nexit 1\n" },
    answers: current,
  },
  {
    name: "build fails when the engine dies",
    argv: build,
    files: x,
    answers: [...noImage, { words: ["podman", "build"], signal: "SIGKILL" }, { words: ["podman", "ps"], stdout: "[]" }],
    better: { why: "what a killed build leaves is looked for", calls: 4 },
  },
  {
    name: "quiet build shows what the engine says on stderr",
    argv: [...build, "--quiet"],
    files: x,
    answers: [...noImage, { words: ["podman", "build"], status: 1, stdout: "STEP 1\n", stderr: "no space left\n" }],
  },
  {
    name: "build with --no-cache and a registry",
    argv: [...build, "--no-cache", "-r", "reg"],
    files: x,
    answers: current,
  },
  {
    name: "build of an image for sudo docker that is current",
    argv: build,
    files: x,
    answers: [...onlySudo, ...current],
  },
  {
    name: "build with --engine podman where only docker works",
    argv: ["--engine", "podman", ...build],
    files: x,
    answers: [noPodman],
  },
];

const runs: Case[] = [
  { name: "run", argv: ["run", "image", "ls", "-l"] },
  {
    name: "quiet run",
    argv: ["run", "--quiet", "image", "ls"],
    answers: [{ words: ["podman", "run"], stdout: "unseen\n" }],
  },
  {
    name: "run shows what the engine prints",
    argv: ["run", "image"],
    answers: [{ words: ["podman", "run"], stdout: "seen\n" }],
  },
  {
    name: "run hands on options of the engine",
    argv: ["run", "-v", "/a:/b", "--net=none", "-it", "image", "--", "sh", "-c", "a b"],
  },
  { name: "run takes options from anywhere", argv: ["run", "image", "--kee", "sh", "--run-as"] },
  { name: "run as the current user with podman", argv: ["run", "--run-as-current-user", "image"] },
  { name: "run as the current user with docker", argv: ["run", "--run-as-current-user", "image"], answers: [noPodman] },
  {
    name: "a failed run removes what still runs",
    argv: ["run", "image", "false"],
    answers: [
      { words: ["podman", "run"], status: 3 },
      { words: ["podman", "ps"], stdout: "aa\nbb\n" },
    ],
  },
  {
    name: "a failed run with --keep leaves everything",
    argv: ["run", "--keep", "image"],
    answers: [{ words: ["podman", "run"], status: 3 }],
  },
  { name: "run without an engine", argv: ["run", "image"], answers: nothing },
  { name: "cc", argv: ["cc", "--image", "i", "--", "-o", "x", "x.c"] },
  {
    name: "cc with another compiler and sources",
    argv: ["cc", "-i", "i", "--cc", "gcc-12", "-s", "/a", "/b", "--", "-c", "x.c"],
    answers: [noPodman],
  },
  { name: "cc without two dashes", argv: ["cc", "-i", "i", "x.c", "-O2"] },
  { name: "cc without an image", argv: ["cc", "x.c"] },
];

const moreRuns: Case[] = [
  { name: "run of nothing", argv: ["run"], answers: [{ words: ["podman", "run"], status: 125 }] },
  { name: "run hands its stdin on", argv: ["run", "-i", "image", "cat"], stdin: "some text\n" },
  {
    name: "quiet failed run",
    argv: ["run", "--quiet", "image"],
    answers: [{ words: ["podman", "run"], status: 126, stdout: "unseen\n", stderr: "cannot run\n" }],
  },
  {
    name: "a failed run whose rest cannot be told",
    argv: ["run", "image"],
    answers: [{ words: ["podman", "run"], status: 3 }, fails("podman", "ps")],
    better: { why: "what could not be removed is tried once more at the end", calls: 4 },
  },
  {
    name: "a failed run whose rest cannot be removed",
    argv: ["run", "image"],
    answers: [
      { words: ["docker", "run"], status: 3 },
      noPodman,
      { words: ["docker", "ps"], stdout: "aa\nbb\n" },
      fails("docker", "rm", "-f", "aa"),
    ],
  },
  { name: "run with --keep leaves no trace of it in the call", argv: ["run", "--keep", "image"], answers: [noPodman] },
  {
    name: "run as the current user with docker through sudo",
    argv: ["run", "--run-as-current-user", "--keep", "image"],
    answers: onlySudo,
  },
  { name: "run with a value stuck to an option of ours", argv: ["run", "--quiet=yes", "image"] },
  { name: "run with an option that could be two", argv: ["run", "--", "--quiet", "image"] },
  { name: "cc of nothing", argv: ["cc", "-i", "i"] },
  { name: "cc with the image stuck on", argv: ["cc", "-ii", "--cc=clang -m32", "x.c"] },
  { name: "cc with sources and no two dashes", argv: ["cc", "-i", "i", "-s", "/a", "x.c", "-o", "x"] },
  { name: "cc with no sources", argv: ["cc", "-s", "-i", "i", "--", "x.c"] },
  { name: "cc with sources twice", argv: ["cc", "-i", "i", "-s", "/a", "-s", "/b", "--", "x.c"] },
  { name: "cc with two dashes twice", argv: ["cc", "-i", "i", "--", "--", "x.c"] },
  { name: "cc with an option before two dashes", argv: ["cc", "-i", "i", "-v", "--", "x.c"] },
  {
    name: "quiet cc that fails",
    argv: ["cc", "--quiet", "-i", "i", "x.c"],
    answers: [{ words: ["podman", "run"], status: 1 }],
  },
];

const others: Case[] = [
  { name: "fetch", argv: ["fetch", "qemu/x", "reg:5000"] },
  {
    name: "fetch goes on after a failed pull",
    argv: ["fetch", "--quiet", "x", "reg"],
    answers: [fails("podman", "pull"), fails("podman", "tag")],
  },
  {
    name: "images",
    argv: ["images", "-q", "--filter", "a=b"],
    answers: [{ words: ["podman", "images"], stdout: "id\n" }],
  },
  {
    name: "images leaves with the engine's status",
    argv: ["images", "--quiet"],
    answers: [{ words: ["podman", "images"], status: 4, stdout: "x" }],
  },
  { name: "clean", argv: ["clean"], answers: [{ words: ["podman", "ps"], stdout: "aa\nbb\n" }] },
  {
    name: "clean goes on when one cannot be removed",
    argv: ["clean"],
    answers: [{ words: ["podman", "ps"], stdout: "aa bb" }, fails("podman", "rm", "-f", "aa")],
  },
  {
    name: "clean takes no warning for a container",
    argv: ["clean"],
    answers: [{ words: ["podman", "ps"], stdout: "aa\n", stderr: "WARN old\n" }],
    better: { why: "what the engine says on stderr is not a list of containers", calls: 3 },
  },
  { name: "check of a current image", argv: ["check", "qemu/x", "x.docker"], files: x, answers: current },
  {
    name: "quiet check of a current image",
    argv: ["check", "--quiet", "qemu/x", "x.docker"],
    files: x,
    answers: current,
  },
  { name: "check of a stale image", argv: ["check", "--quiet", "qemu/x", "x.docker"], files: x, answers: image({}) },
  { name: "check of a missing image", argv: ["check", "qemu/x", "x.docker"], files: x, answers: noImage },
  { name: "check without a Dockerfile", argv: ["check", "qemu/x"], answers: current },
  {
    name: "check with a Dockerfile behind an option",
    argv: ["check", "qemu/x", "--quiet", "x.docker"],
    files: x,
    answers: current,
  },
  { name: "check of an old image", argv: ["check", "--checktype", "age", "x"], answers: current },
  {
    name: "check of a young image",
    argv: ["check", "--checktype=age", "--olderthan", "5", "x"],
    answers: image({}, "2999-01-01T00:00:00.1Z"),
  },
  {
    name: "quiet check of a young image",
    argv: ["check", "--checktype=age", "--quiet", "x"],
    answers: image({}, "2999-01-01T00:00:00.1Z"),
  },
  { name: "check of a wrong type", argv: ["check", "--checktype=size", "x"] },
  {
    name: "check without an engine",
    argv: ["check", "x", "y"],
    answers: nothing,
    better: {
      why: "the words for this were there, behind an exception of another kind",
      stdout: "Docker not set up\n",
    },
  },
  { name: "update with nothing to add", argv: ["update", "qemu/x"] },
  { name: "update with the user", argv: ["update", "qemu/x", "-u", "--quiet"] },
  {
    name: "update without an entry of the kernel",
    argv: ["update", "qemu/x", "--executable", "bin/qemu-nothing"],
    files: { "bin/qemu-nothing": "" },
  },
  {
    name: "update fails with the engine",
    argv: ["update", "qemu/x"],
    answers: [{ words: ["podman", "build"], status: 2 }],
  },
  { name: "fetch with docker", argv: ["--engine", "docker", "fetch", "qemu/x:1", "reg:5000", "more"] },
  { name: "fetch without a registry", argv: ["fetch", "x"] },
  { name: "fetch without an engine", argv: ["fetch", "x", "reg"], answers: nothing },
  { name: "images with docker", argv: ["images", "--", "x"], answers: [noPodman] },
  { name: "images without an engine", argv: ["images"], answers: nothing },
  {
    name: "clean when the engine cannot tell",
    argv: ["clean"],
    answers: [fails("podman", "ps")],
    better: { why: "the engine's reason is told", calls: 2 },
  },
  {
    name: "clean with docker",
    argv: ["clean", "--quiet", "more"],
    answers: [noPodman, { words: ["docker", "ps"], stdout: "aa\n" }],
  },
  { name: "clean of nothing", argv: ["clean"] },
  { name: "clean without an engine", argv: ["clean"], answers: nothing },
  {
    name: "check of an image that inspect does not understand",
    argv: ["check", "x", "x.docker"],
    files: x,
    answers: [{ words: ["podman", "inspect"], stdout: "[{}]" }],
  },
  { name: "check with a Dockerfile that is not there", argv: ["check", "x", "none"], answers: current },
  { name: "check of nothing", argv: ["check"] },
  { name: "check of the age of nothing", argv: ["check", "--checktype", "age", "x"], answers: noImage },
  { name: "check of age with no number", argv: ["check", "--checktype=age", "--olderthan", "long", "x"] },
  {
    name: "check of age with a negative number",
    argv: ["check", "--checktype=age", "--olderthan", "-5", "x"],
    answers: image({}, "2999-01-01T00:00:00.1Z"),
  },
  {
    name: "check of the age of an image made in a full second",
    argv: ["check", "--checktype=age", "x"],
    answers: image({}, "2020-02-03T04:05:06Z"),
    better: {
      why: "fractions of a second may be missing",
      stdout: "Image created @ 2020-02-03T04:05:06Z more than 60 minutes old\n",
    },
  },
  { name: "check with docker", argv: ["--engine=docker", "check", "qemu/x", "x.docker"], files: x, answers: current },
  { name: "update of nothing", argv: ["update"] },
  { name: "update with docker", argv: ["update", "qemu/x", "-u", "more"], answers: [noPodman] },
  { name: "update without an engine", argv: ["update", "qemu/x"], answers: nothing },
  { name: "update with a missing executable", argv: ["update", "x", "--executable", "none"] },
  ...["run", "fetch", "update", "clean", "images", "probe", "cc", "check"].map((name) => ({
    name: `help of ${name}`,
    argv: [name, "-h"],
  })),
  { name: "no subcommand", argv: [] },
  { name: "an unknown subcommand", argv: ["bake"] },
  { name: "an unknown engine", argv: ["--engine", "rkt", "probe"] },
  { name: "help", argv: ["--help"] },
  { name: "help of build", argv: ["build", "--help"] },
];

/** Every command line the two tools are compared on. */
export const cases: readonly Case[] = [
  ...probes,
  ...moreProbes,
  ...builds,
  ...moreBuilds,
  ...runs,
  ...moreRuns,
  ...others,
];
