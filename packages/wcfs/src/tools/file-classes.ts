import { Global } from "@belay/zodb";
import { FILE_MODULE } from "../files/states.ts";

/** The classes that big files are made of. */
export const fileClasses = {
  file: new Global(FILE_MODULE, "ZBigFile"),
  whole: new Global(FILE_MODULE, "ZBlk0"),
  chunked: new Global(FILE_MODULE, "ZBlk1"),
  chunk: new Global(FILE_MODULE, "ZData"),
} as const;
