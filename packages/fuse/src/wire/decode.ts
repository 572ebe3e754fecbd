import type { Message } from "./message.ts";
import { opcode } from "./opcodes.ts";
import { Request } from "./request.ts";
import * as attributes from "./request-attributes.ts";
import * as files from "./request-files.ts";
import * as names from "./request-names.ts";
import * as session from "./request-session.ts";

/** What of the INIT exchange changes how requests look. */
export interface DecodeOptions {
  /** FUSE_SETXATTR_EXT was negotiated. */
  readonly setxattrExt: boolean;
}

type Decoder = (message: Message, options: DecodeOptions) => Request;

/**
 * Decodes an accepted message.
 *
 * @returns undefined for a request this library does not know
 * @throws MalformedMessage when the message is shorter than its request
 */
export function decodeRequest(message: Message, options: DecodeOptions): Request | undefined {
  return decoders[message.uint32(4)]?.(message, options);
}

const plain: Decoder = (message) => new Request(message);
const name: Decoder = (message) => new names.NameRequest(message);
const open: Decoder = (message) => new files.OpenRequest(message);
const read: Decoder = (message) => new files.ReadRequest(message);
const release: Decoder = (message) => new files.ReleaseRequest(message);
const fsync: Decoder = (message) => new files.FsyncRequest(message);
const lock: Decoder = (message) => new files.LockRequest(message);
const create: Decoder = (message) => new names.CreateRequest(message);
const copyFileRange: Decoder = (message) => new files.CopyFileRangeRequest(message);

const decoders: Readonly<Partial<Record<number, Decoder>>> = {
  [opcode.LOOKUP]: name,
  [opcode.FORGET]: (message) => new names.ForgetRequest(message, false),
  [opcode.GETATTR]: (message) => new attributes.GetattrRequest(message),
  [opcode.SETATTR]: (message) => new attributes.SetattrRequest(message),
  [opcode.READLINK]: plain,
  [opcode.SYMLINK]: (message) => new names.SymlinkRequest(message),
  [opcode.MKNOD]: (message) => new names.MknodRequest(message),
  [opcode.MKDIR]: (message) => new names.MkdirRequest(message),
  [opcode.UNLINK]: name,
  [opcode.RMDIR]: name,
  [opcode.RENAME]: (message) => new names.RenameRequest(message, false),
  [opcode.LINK]: (message) => new names.LinkRequest(message),
  [opcode.OPEN]: open,
  [opcode.READ]: read,
  [opcode.WRITE]: (message) => new files.WriteRequest(message),
  [opcode.STATFS]: plain,
  [opcode.RELEASE]: release,
  [opcode.FSYNC]: fsync,
  [opcode.SETXATTR]: (message, options) => new attributes.SetxattrRequest(message, options.setxattrExt),
  [opcode.GETXATTR]: (message) => new attributes.GetxattrRequest(message),
  [opcode.LISTXATTR]: (message) => new attributes.ListxattrRequest(message),
  [opcode.REMOVEXATTR]: name,
  [opcode.FLUSH]: (message) => new files.FlushRequest(message),
  [opcode.INIT]: (message) => new session.InitRequest(message),
  [opcode.OPENDIR]: open,
  [opcode.READDIR]: read,
  [opcode.RELEASEDIR]: release,
  [opcode.FSYNCDIR]: fsync,
  [opcode.GETLK]: lock,
  [opcode.SETLK]: lock,
  [opcode.SETLKW]: lock,
  [opcode.ACCESS]: (message) => new attributes.AccessRequest(message),
  [opcode.CREATE]: create,
  [opcode.INTERRUPT]: (message) => new session.InterruptRequest(message),
  [opcode.BMAP]: (message) => new files.BmapRequest(message),
  [opcode.DESTROY]: plain,
  [opcode.IOCTL]: (message) => new files.IoctlRequest(message),
  [opcode.POLL]: (message) => new files.PollRequest(message),
  [opcode.NOTIFY_REPLY]: (message) => new session.NotifyReplyRequest(message),
  [opcode.BATCH_FORGET]: (message) => new names.ForgetRequest(message, true),
  [opcode.FALLOCATE]: (message) => new files.FallocateRequest(message),
  [opcode.READDIRPLUS]: read,
  [opcode.RENAME2]: (message) => new names.RenameRequest(message, true),
  [opcode.LSEEK]: (message) => new files.LseekRequest(message),
  [opcode.COPY_FILE_RANGE]: copyFileRange,
  [opcode.SETUPMAPPING]: (message) => new session.SetupMappingRequest(message),
  [opcode.REMOVEMAPPING]: (message) => new session.RemoveMappingRequest(message),
  [opcode.SYNCFS]: plain,
  [opcode.TMPFILE]: create,
  [opcode.STATX]: (message) => new attributes.StatxRequest(message),
  [opcode.COPY_FILE_RANGE_64]: copyFileRange,
};
