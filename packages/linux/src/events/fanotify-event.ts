/** A file told by its handle, and by its name when it is an entry of a directory. */
export interface FanotifyObject {
  /** f_fsid of statfs(2). */
  readonly fsid: Buffer;
  /** `struct file_handle`, as `openByHandleAt` takes it. For an entry: of the directory. */
  readonly handle: Buffer;
  /** Name of the entry; `.` for the directory itself; undefined when the handle is the object's own. */
  readonly name: Buffer | undefined;
}

/** One event of fanotify(7) in a group that reports file handles. */
export interface FanotifyEvent {
  /** FAN_… */
  readonly mask: number;
  /** Process (or thread, with FAN_REPORT_TID) that did it. */
  readonly pid: number;
  /** Descriptor of the object in groups without FAN_REPORT_FID, which the receiver closes; -1 otherwise. */
  readonly fd: number;
  /** The object's own handle (FAN_REPORT_FID, FAN_REPORT_TARGET_FID). */
  readonly object: FanotifyObject | undefined;
  /** Directory and name the event is about. */
  readonly entry: FanotifyObject | undefined;
  /** FAN_RENAME: directory and name before. `entry` is then the new one. */
  readonly oldEntry: FanotifyObject | undefined;
}

const metadataLength = 24;
const infoHeaderLength = 4;
const fsidLength = 8;
const handleHeaderLength = 8;

// Types of information records
const FID = 1;
const DFID_NAME = 2;
const DFID = 3;
const OLD_DFID_NAME = 10;
const NEW_DFID_NAME = 12;

/** Takes apart what read(2) of a fanotify descriptor gave. A truncated last event is left out. */
export function parseFanotifyEvents(bytes: Buffer): FanotifyEvent[] {
  return [...fanotifyEventsIn(bytes, () => true)];
}

/**
 * As {@link parseFanotifyEvents}, each event when it is its turn.
 *
 * @param matters  asked for the handles of the directories an event names; one that names only others is left out, which is far cheaper than
 * to take it apart. What names none comes always
 */
export function* fanotifyEventsIn(bytes: Buffer, matters: (directory: Buffer) => boolean): Generator<FanotifyEvent> {
  for (let at = 0; at + metadataLength <= bytes.length;) {
    const length = bytes.readUInt32LE(at);
    if (length < metadataLength || at + length > bytes.length) return;
    if (namesOne(bytes, at, at + length, matters)) yield parseEvent(bytes.subarray(at, at + length));
    at += length;
  }
}

function namesOne(bytes: Buffer, event: number, end: number, matters: (directory: Buffer) => boolean): boolean {
  let namesAny = false;
  for (let at = event + bytes.readUInt16LE(event + 6); at + infoHeaderLength <= end;) {
    const length = bytes.readUInt16LE(at + 2);
    if (length < infoHeaderLength || at + length > end) break;
    const handle = at + infoHeaderLength + fsidLength;
    if (tellsDirectory(bytes[at]) && handle + handleHeaderLength <= end) {
      const handleEnd = handle + handleHeaderLength + bytes.readUInt32LE(handle);
      if (handleEnd > at + length || matters(bytes.subarray(handle, handleEnd))) return true;
      namesAny = true;
    }
    at += length;
  }
  return !namesAny;
}

function parseEvent(event: Buffer): FanotifyEvent {
  const objects = parseInfo(event, event.readUInt16LE(6));
  return {
    mask: event.readUInt32LE(8),
    fd: event.readInt32LE(16),
    pid: event.readInt32LE(20),
    object: objects.get(FID),
    entry: objects.get(NEW_DFID_NAME) ?? objects.get(DFID_NAME) ?? objects.get(DFID),
    oldEntry: objects.get(OLD_DFID_NAME),
  };
}

function parseInfo(event: Buffer, start: number): Map<number, FanotifyObject> {
  const objects = new Map<number, FanotifyObject>();
  for (let at = start; at + infoHeaderLength <= event.length;) {
    const type = event.readUInt8(at);
    const length = event.readUInt16LE(at + 2);
    if (length < infoHeaderLength || at + length > event.length) break;
    const object = tellsObject(type) && parseObject(event.subarray(at + infoHeaderLength, at + length));
    if (object) objects.set(type, object);
    at += length;
  }
  return objects;
}

function tellsObject(type: number): boolean {
  return type === FID || tellsDirectory(type);
}

function tellsDirectory(type: number | undefined): boolean {
  return type === DFID || type === DFID_NAME || type === OLD_DFID_NAME || type === NEW_DFID_NAME;
}

function parseObject(record: Buffer): FanotifyObject | undefined {
  if (record.length < fsidLength + handleHeaderLength) return undefined;
  const handleEnd = fsidLength + handleHeaderLength + record.readUInt32LE(fsidLength);
  if (handleEnd > record.length) return undefined;
  return {
    fsid: record.subarray(0, fsidLength),
    handle: record.subarray(fsidLength, handleEnd),
    name: nameFrom(record.subarray(handleEnd)),
  };
}

function nameFrom(rest: Buffer): Buffer | undefined {
  const end = rest.indexOf(0);
  return end <= 0 ? undefined : rest.subarray(0, end);
}
