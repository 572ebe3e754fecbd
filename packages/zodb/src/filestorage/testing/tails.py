"""Opens every file of a directory with Python's ZODB, read-only and then for writing, and tells what came of it, as JSON."""
import hashlib
import json
import logging
import os
import sys
from ZODB.FileStorage import FileStorage
from ZODB.FileStorage.format import CorruptedDataError

logging.disable(logging.CRITICAL)
directory = sys.argv[1]


def sha1(path):
    with open(path, "rb") as f:
        return hashlib.sha1(f.read()).hexdigest()


def head(path, **options):
    try:
        storage = FileStorage(path, **options)
    except Exception:
        return "error"
    try:
        # Not lastTransaction(): that is the tid it has read last, be it of the transaction it cut off.
        last = "0" * 16
        try:
            for t in storage.iterator():
                last = t.tid.hex()
        except CorruptedDataError:
            pass
        return last
    finally:
        storage.close()


results = {}
for name in sorted(os.listdir(directory)):
    path = os.path.join(directory, name)
    read_only = head(path, read_only=True)
    writing = head(path)
    saved = [sha1(p) for p in ("%s.tr%d" % (path, n) for n in range(3)) if os.path.exists(p)]
    results[name] = {"readOnly": read_only, "writing": writing, "file": sha1(path), "saved": saved}
print(json.dumps(results))
