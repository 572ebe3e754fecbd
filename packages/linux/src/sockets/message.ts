import { checkRestarting, check, libc } from "../ffi/libc.ts";
import { loadKoffi } from "../ffi/load-koffi.ts";

const socketpairNative = libc("int socketpair(int domain, int type, int protocol, void *pair)");
const sendmsgNative = libc("int64_t sendmsg(int fd, void *message, int flags)");
const recvmsgNative = libc("int64_t recvmsg(int fd, void *message, int flags)");

const AF_UNIX = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CTRUNC = 0x08;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_SEQPACKET = 5;

/** The most descriptors one message carries (SCM_MAX_FD). */
export const maxDescriptorsPerMessage = 253;

/** What {@link recvmsg} got. */
export interface ReceivedMessage {
  /** Bytes put into the buffer; 0 when the peer closed. */
  readonly length: number;
  /** New descriptors of this process, close-on-exec; the caller closes them. */
  readonly descriptors: readonly number[];
  /** Descriptors were lost: more were sent than there was room for. */
  readonly truncated: boolean;
}

/** socketpair(2) of the local domain. @returns two connected close-on-exec sockets */
export function socketpair(type: number = SOCK_STREAM): [number, number] {
  const pair = new Int32Array(2);
  check(socketpairNative(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), "socketpair");
  return [pair[0] ?? -1, pair[1] ?? -1];
}

/**
 * sendmsg(2) with descriptors (SCM_RIGHTS). At least one byte must go with them on a stream socket. EPIPE instead of
 * SIGPIPE.
 */
export function sendmsg(fd: number, bytes: Uint8Array, descriptors: readonly number[] = []): number {
  const control = descriptors.length === 0 ? Buffer.alloc(0) : encodeRights(descriptors);
  const message = new MessageHeader(bytes, control);
  return checkRestarting(() => sendmsgNative(fd, message.struct, MSG_NOSIGNAL), "sendmsg");
}

/**
 * recvmsg(2) into `buffer`, with room for `maxDescriptors` descriptors.
 *
 * Blocks the calling thread until the peer sends or closes, unless the socket is non-blocking.
 */
export function recvmsg(fd: number, buffer: Uint8Array, maxDescriptors = 1): ReceivedMessage {
  const control = Buffer.alloc(alignTo8(controlHeaderSize + 4 * maxDescriptors));
  const message = new MessageHeader(buffer, control);
  const length = checkRestarting(() => {
    message.reset();
    return recvmsgNative(fd, message.struct, MSG_CMSG_CLOEXEC);
  }, "recvmsg");
  return {
    length,
    descriptors: decodeRights(control.subarray(0, message.controlLength)),
    truncated: (message.flags & MSG_CTRUNC) !== 0,
  };
}

// struct msghdr: name @0, namelen @8, iov @16, iovlen @24, control @32, controllen @40, flags @48
class MessageHeader {
  readonly struct = Buffer.alloc(56);
  readonly #control: Buffer;
  // The structure holds addresses only: these keep what they point to.
  readonly kept: readonly Uint8Array[];

  constructor(data: Uint8Array, control: Buffer) {
    const { address } = loadKoffi();
    const iovec = Buffer.alloc(16);
    iovec.writeBigUInt64LE(address(data), 0);
    iovec.writeBigUInt64LE(BigInt(data.length), 8);
    this.struct.writeBigUInt64LE(address(iovec), 16);
    this.struct.writeBigUInt64LE(1n, 24);
    if (control.length > 0) this.struct.writeBigUInt64LE(address(control), 32);
    this.#control = control;
    this.kept = [data, iovec];
    this.reset();
  }

  reset(): void {
    this.struct.writeBigUInt64LE(BigInt(this.#control.length), 40);
  }

  get controlLength(): number {
    return Number(this.struct.readBigUInt64LE(40));
  }

  get flags(): number {
    return this.struct.readInt32LE(48);
  }
}

// struct cmsghdr: length (header included) @0, level @8, type @12, data @16; records start at multiples of 8
const controlHeaderSize = 16;

function encodeRights(descriptors: readonly number[]): Buffer {
  const length = controlHeaderSize + 4 * descriptors.length;
  const control = Buffer.alloc(alignTo8(length));
  control.writeBigUInt64LE(BigInt(length), 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  descriptors.forEach((descriptor, index) => control.writeInt32LE(descriptor, controlHeaderSize + 4 * index));
  return control;
}

function decodeRights(control: Buffer): number[] {
  const descriptors: number[] = [];
  for (let at = 0; at + controlHeaderSize <= control.length;) {
    const length = Number(control.readBigUInt64LE(at));
    const end = Math.min(at + length, control.length);
    const rights = control.readInt32LE(at + 8) === SOL_SOCKET && control.readInt32LE(at + 12) === SCM_RIGHTS;
    for (let fd = at + controlHeaderSize; rights && fd + 4 <= end; fd += 4) descriptors.push(control.readInt32LE(fd));
    at += Math.max(alignTo8(length), controlHeaderSize);
  }
  return descriptors;
}

function alignTo8(length: number): number {
  return (length + 7) & ~7;
}
