"""Reads blocks whose words all hold the number of the commit that wrote them, while commits go on.

    follower.py MOUNTPOINT OID BLKSIZE BLOCKS SECONDS read|mmap

Prints one JSON object: how often a page was torn (not all of its words equal), how many reads were made, and samples
[tid shown before the read, block, number read after it].
"""
import json
import mmap
import os
import random
import sys
import time

mountpoint, oid, blksize, blocks, seconds, how = sys.argv[1:]
blksize, blocks, seconds = int(blksize), int(blocks), float(seconds)
PAGE = 4096


def reader():
    fd = os.open("%s/head/bigfile/%s" % (mountpoint, oid), os.O_RDONLY)
    if how == "read":
        return lambda offset: os.pread(fd, PAGE, offset)
    mapping = mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)
    return lambda offset: mapping[offset:offset + PAGE]


def main():
    get = reader()
    at = os.open("%s/head/at" % mountpoint, os.O_RDONLY)
    rng = random.Random(os.getpid())
    torn, reads, samples = 0, 0, []
    end = time.time() + seconds
    while time.time() < end:
        shown = os.pread(at, 16, 0).decode()
        for _ in range(20):
            blk = rng.randrange(blocks)
            page = get(blk * blksize + PAGE * rng.randrange(blksize // PAGE))
            reads += 1
            if page != page[:8] * (PAGE // 8):
                torn += 1
        samples.append([shown, blk, int.from_bytes(page[:8], "big")])
    print(json.dumps({"torn": torn, "reads": reads, "samples": samples}))


main()
