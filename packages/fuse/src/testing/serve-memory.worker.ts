import { workerData } from "node:worker_threads";

import { FuseServer } from "../index.ts";
import { MemoryFileSystem } from "./memory-file-system.ts";

await new FuseServer({ fd: workerData as number, fileSystem: new MemoryFileSystem() }).serve();
