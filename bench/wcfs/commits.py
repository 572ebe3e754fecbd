"""Commits blocks and watches when the mounted head shows them.

    commits.py DATABASE MOUNTPOINT OID COUNT PER_SECOND BLOCKS BYTES

Prints JSON: milliseconds from the return of commit() until head/at shows it, sorted (with PER_SECOND 0, where each is waited for);
with PER_SECOND it only commits, and tells how many there were and how many seconds that took.
"""
import json
import os
import sys
import time

import transaction
import ZODB
import ZODB.FileStorage

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../test/wcfs/python"))
import file_classes  # noqa: E402

path, mountpoint, oid, count, per_second, blocks, length = sys.argv[1:]
count, per_second, blocks, length = int(count), float(per_second), int(blocks), int(length)

storage = ZODB.FileStorage.FileStorage(path)
connection = ZODB.DB(storage).open()
file = connection.get(bytes.fromhex(oid))
at = os.open(mountpoint + "/head/at", os.O_RDONLY)


def commit(number):
    block = file.blktab.get(number % blocks)
    if block is None:
        file.blktab[number % blocks] = block = file_classes.ZBlk0()
    block.put(number.to_bytes(8, "big") * (length // 8))
    transaction.commit()


delays = []
started = time.time()
for number in range(1, count + 1):
    commit(number)
    if per_second:
        time.sleep(max(0, started + number / per_second - time.time()))
    else:
        returned, tid = time.time(), storage.lastTransaction().hex()
        while os.pread(at, 16, 0).decode() < tid:
            pass
        delays.append(1000 * (time.time() - returned))
        time.sleep(0.01)
print(json.dumps({"delays": sorted(delays), "count": count, "seconds": time.time() - started}))
