"""Uses a mounted file system by command, so that a hang is this process's and not the test runner's.

One JSON object a line on stdin, one answer a line on stdout; errors of the system come as {"errno": name}.
"""
import base64
import ctypes
import errno
import hashlib
import json
import mmap
import os
import sys
import time

PAGE = mmap.PAGESIZE
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]

files = {}


def open_file(path, flags="r"):
    fd = os.open(path, {"r": os.O_RDONLY, "w": os.O_WRONLY, "rw": os.O_RDWR, "wt": os.O_WRONLY | os.O_TRUNC}[flags])
    files[fd] = path
    return {"fd": fd}


def close(fd):
    os.close(fd)
    return {}


def with_fd(path=None, fd=None):
    return (fd, False) if fd is not None else (os.open(path, os.O_RDONLY), True)


def pread(length, offset, path=None, fd=None):
    use, own = with_fd(path, fd)
    try:
        data = os.pread(use, length, offset)
        return {"length": len(data), "base64": base64.b64encode(data[:65536]).decode(), "sha1": hashlib.sha1(data).hexdigest()}
    finally:
        if own:
            os.close(use)


def read(fd, length):
    return {"base64": base64.b64encode(os.read(fd, length)).decode()}


def write(fd, text):
    return {"length": os.write(fd, text.encode())}


def blocks(path, blksize):
    """SHA-1 of each block of the whole file."""
    fd = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(fd).st_size
        digests = []
        for offset in range(0, size, blksize):
            digest, done = hashlib.sha1(), 0
            while done < blksize:
                part = os.pread(fd, min(blksize - done, 1 << 20), offset + done)
                if not part:
                    raise OSError(errno.EPIPE, "short")
                digest.update(part)
                done += len(part)
            digests.append(digest.hexdigest())
        return {"size": size, "blocks": digests}
    finally:
        os.close(fd)


def stat(path=None, fd=None):
    st = os.stat(path if path is not None else fd)
    return {"mode": st.st_mode, "size": st.st_size, "blksize": st.st_blksize, "blocks": st.st_blocks, "ino": st.st_ino,
            "mtimeNs": str(st.st_mtime_ns), "ctimeNs": str(st.st_ctime_ns), "uid": st.st_uid, "nlink": st.st_nlink}


def listdir(path):
    return {"names": sorted(os.listdir(path))}


def statvfs(path):
    st = os.statvfs(path)
    return {"bsize": st.f_bsize, "namemax": st.f_namemax, "blocks": st.f_blocks}


def cached(path, blksize, count=None):
    """For each block which part of its pages is in the page cache."""
    fd = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(fd).st_size
        if size == 0:
            return {"cached": []}
        address = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
        pages = (size + PAGE - 1) // PAGE
        vector = ctypes.create_string_buffer(pages)
        libc.mincore(address, size, vector)
        libc.munmap(address, size)
        each = blksize // PAGE
        share = [sum(b & 1 for b in vector.raw[i:i + each]) / each for i in range(0, pages, each)]
        return {"cached": share}
    finally:
        os.close(fd)


def touch(path, offset):
    """Reads one byte through a mapping with random advice: no read-ahead."""
    fd = os.open(path, os.O_RDONLY)
    try:
        with mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ) as mapping:
            mapping.madvise(mmap.MADV_RANDOM)
            return {"byte": mapping[offset]}
    finally:
        os.close(fd)


def drop(path):
    """Has the kernel forget the cached pages of a file."""
    fd = os.open(path, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)
    return {}


def call(name, args):
    """Any function of os that returns nothing much."""
    getattr(os, name)(*args)
    return {}


COMMANDS = {f.__name__: f for f in (close, pread, read, write, blocks, stat, listdir, statvfs, cached, touch, drop, call)}
COMMANDS["open"] = open_file


def main():
    for line in sys.stdin:
        request = json.loads(line)
        started = time.time()
        try:
            answer = COMMANDS[request.pop("do")](**request)
        except OSError as error:
            answer = {"errno": errno.errorcode.get(error.errno, str(error.errno))}
        answer["seconds"] = time.time() - started
        print(json.dumps(answer), flush=True)


main()
