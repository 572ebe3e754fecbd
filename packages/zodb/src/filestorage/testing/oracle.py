"""Tells what Python's ZODB finds in a database, as JSON. Arguments: path, tids at which to load the first objects, number of those."""
import hashlib
import json
import logging
import sys
from ZODB.FileStorage import FileStorage
from ZODB.POSException import POSKeyError
from ZODB.utils import p64, u64

logging.disable(logging.CRITICAL)
path, moments, objects = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def sha1(data):
    return None if data is None else hashlib.sha1(data).hexdigest()


storage = FileStorage(path, read_only=True)
transactions = [
    {
        "tid": t.tid.hex(),
        "status": t.status,
        "user": t.user.hex(),
        "description": t.description.hex(),
        "extension": t.extension_bytes.hex(),
        "records": [[r.oid.hex(), r.tid.hex(), sha1(r.data), r.data_txn.hex() if r.data_txn else None] for r in t],
    }
    for t in storage.iterator()
]
tids = [t["tid"] for t in transactions]
chosen = tids[:: max(1, len(tids) // moments)] + tids[-1:] if moments and tids else []
oids = sorted({r[0] for t in transactions for r in t["records"]})[:objects]


def load(oid, before):
    try:
        found = storage.loadBefore(bytes.fromhex(oid), before)
    except POSKeyError:
        return "POSKeyError"
    return found and [sha1(found[0]), found[1].hex(), found[2] and found[2].hex()]


def size(oid, serial):
    # history() itself says 0 for a revision that an undo has copied.
    try:
        return len(storage.loadSerial(oid, serial))
    except POSKeyError:
        return 0


print(
    json.dumps(
        {
            "last": storage.lastTransaction().hex(),
            "maxOid": storage._oid.hex(),
            "transactions": transactions,
            "loads": [
                [oid, before.hex(), load(oid, before)]
                for oid in oids + ["00000000deadbeef"]
                for tid in chosen
                for before in (bytes.fromhex(tid), p64(u64(bytes.fromhex(tid)) + 1))
            ],
            "history": [
                [oid, [[h["tid"].hex(), size(bytes.fromhex(oid), h["tid"])] for h in storage.history(bytes.fromhex(oid), size=1000)]]
                for oid in oids
            ],
        }
    )
)
