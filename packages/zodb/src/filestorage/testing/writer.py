"""Commits until told to stop by the end of stdin, now and then aborting after the vote, undoing and packing. Prints what it does, one line each."""
import logging
import random
import sys
import threading
import time
import transaction
from persistent.mapping import PersistentMapping
from ZODB.Connection import TransactionMetaData
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage
from ZODB.utils import u64

logging.disable(logging.CRITICAL)
path, seed, packs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(seed)
storage = FileStorage(path)
db = DB(storage)
conn = db.open()
root = conn.root()
for i in range(20):
    root["k%d" % i] = PersistentMapping()
transaction.commit()
# Read from the same descriptor from the start, so that its end is seen.
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
print("ready", flush=True)
n = 0
while not stop.is_set():
    n += 1
    if n % 3 == 0:
        # A vote that is taken back: its bytes are in the file for a while, others follow in their place.
        meta = TransactionMetaData(b"aborted")
        storage.tpc_begin(meta)
        oid = root["k1"]._p_oid
        data, serial = storage.load(oid)
        storage.store(oid, serial, data + b"x" * random.randrange(5000), "", meta)
        storage.tpc_vote(meta)
        time.sleep(random.random() * 0.003)
        storage.tpc_abort(meta)
    for _ in range(random.randrange(1, 4)):
        root["k%d" % random.randrange(20)]["n"] = (n, "y" * random.randrange(3000))
    if n % 5 == 0:
        root["new%d" % (n % 40)] = PersistentMapping({"n": n})
    transaction.commit()
    if n % 17 == 0:
        time.sleep(0.01)
    if packs and n % packs == 0:
        db.pack(time.time() - random.random() * 0.2)
        print("packed", flush=True)
db.close()
print("done", flush=True)
