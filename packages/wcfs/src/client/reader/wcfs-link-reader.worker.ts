import { workerData } from "node:worker_threads";
import { readLink, type LinkReaderData } from "./link-reader.ts";

readLink(workerData as LinkReaderData);
