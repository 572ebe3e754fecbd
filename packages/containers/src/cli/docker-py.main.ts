import { dockerPyMain } from "./docker-py.ts";

process.exitCode = await dockerPyMain(process.argv.slice(2), process.env["BELAY_ARGV0"] ?? "docker-py");
