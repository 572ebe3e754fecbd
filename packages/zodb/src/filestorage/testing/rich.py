"""Makes a database that has something of everything a FileStorage can hold. Arguments: path, number of objects in the large tree."""
import sys
import transaction
from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping
from ZODB.Connection import TransactionMetaData
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage

path, count = sys.argv[1], int(sys.argv[2])
storage = FileStorage(path)
db = DB(storage)
conn = db.open()
root = conn.root()


def commit(note="", user=None, **extension):
    txn = transaction.get()
    if note:
        txn.note(note)
    if user:
        txn.setUser(user)
    for key, value in extension.items():
        txn.setExtendedInfo(key, value)
    transaction.commit()
    return storage.lastTransaction()


def undo(tid):
    import base64
    db.undo(base64.encodebytes(tid).rstrip(), transaction.get())
    commit("undo")
    conn.sync()


for i in range(12):
    root["m%d" % (i % 4)] = PersistentMapping({"i": i})
    commit("mapping %d" % i, user="u%d" % i, k="v", i=i)
root["s"] = PersistentMapping()
commit()
for i in range(30):
    root["s"]["i"] = i
    tid = commit("st\u00fcck")
    if i % 7 == 3:
        undo(tid)
# An object whose creation is undone.
root["gone"] = PersistentMapping({"x": 1})
undo(commit("creation"))
# Undo of an undo: a back pointer to a back pointer.
root["s"]["i"] = "before"
tid = commit()
undo(tid)
undo(storage.lastTransaction())
# A large record, and records of one byte more or less than what a length prefix changes at.
for size in (255, 256, 65535, 3_000_000):
    root["big"] = PersistentMapping({"data": bytes(size)})
    commit("big")
root["tree"] = LOBTree()
for i in range(count):
    root["tree"][i] = PersistentMapping() if i % 10 == 0 else i
    if i % 9973 == 9972:
        commit("part of the tree")
commit("tree")


def raw(action, description=b"", extension=None):
    meta = TransactionMetaData(b"raw", description, extension)
    storage.tpc_begin(meta)
    action(meta)
    storage.tpc_vote(meta)
    storage.tpc_finish(meta)


def twice(meta):
    oid = storage.new_oid()
    storage.store(oid, b"\0" * 8, b"first" + b"x" * 40, "", meta)
    storage.store(oid, b"\0" * 8, b"second", "", meta)
    old = root["m0"]._p_oid
    data, serial = storage.load(old)
    storage.store(old, serial, data, "", meta)
    storage.store(old, serial, data + b"trailing", "", meta)
    storage.store(old, serial, data, "", meta)


conn.sync()
raw(twice, b"an object twice")
deleted = root["m1"]._p_oid
raw(lambda meta: storage.deleteObject(deleted, storage.load(deleted)[1], meta), b"deletion")
raw(lambda meta: None, b"nothing", {"empty": True})
if len(sys.argv) > 3:
    import time
    time.sleep(0.01)
    storage.pack(time.time(), __import__("ZODB.serialize").serialize.referencesf, gc=False)
    conn.sync()
    for i in range(10):
        root["s"]["i"] = ("packed", i)
        tid = commit("after the pack")
        if i % 4 == 1:
            undo(tid)
    root["o"] = OOBTree({"key%d" % i: i for i in range(500)})
    commit()
transaction.abort()
db.close()
