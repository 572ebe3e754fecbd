import { isZodbError, parseOid, parseTid, type Oid, type Tid } from "@belay/zodb";
import { userError } from "@belay/supervise";

/** The id of a transaction that was given on the command line. @throws BelayError `EUSAGE` */
export function givenTid(text: string): Tid {
  return usage(() => parseTid(text));
}

/** The id of an object that was given on the command line. @throws BelayError `EUSAGE` */
export function givenOid(text: string): Oid {
  return usage(() => parseOid(text));
}

// The same text inside a file is damage; here whoever typed it is to be told how to call.
function usage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (isZodbError(error, "EFORMAT")) throw userError("EUSAGE", error.message, { hint: error.hint });
    throw error;
  }
}
