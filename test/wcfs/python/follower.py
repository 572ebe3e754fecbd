"""Reads blocks whose words all hold the number of the commit that wrote them, while commits go on.

    follower.py MOUNTPOINT OID BLKSIZE BLOCKS SECONDS read|mmap

Prints one JSON object: how often a page was torn, how many reads were made, seconds of processor time, and samples [tid shown
before the read, block, number read after it]. A page is torn when its words are not all equal. Copying from a mapping is many loads, between
which the kernel may exchange the page: there the words may also change once, from older to newer.
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


def exchanged_once(page):
    first, last = page[:8], page[-8:]
    words = next(i for i in range(PAGE // 8) if page[8 * i:8 * i + 8] != first)
    return first < last and page == first * words + last * (PAGE // 8 - words)


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
            if page != page[:8] * (PAGE // 8) and not (how == "mmap" and exchanged_once(page)):
                torn += 1
        samples.append([shown, blk, int.from_bytes(page[:8], "big")])
    print(json.dumps({"torn": torn, "reads": reads, "samples": samples, "cpu": time.process_time()}))


main()
