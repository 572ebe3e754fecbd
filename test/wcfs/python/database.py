"""A FileStorage with big files, driven by commands: one JSON object a line on stdin, one answer a line on stdout.

    database.py PATH [pack-keep-old] [compress]

Contents of blocks are given as {"text": ...}, {"hex": ...}, or {"random": seed, "length": n, "at": offset}; they
are compared by SHA-1, so no large data goes through the pipe.
"""
import hashlib
import json
import random
import sys
import time

import transaction
import ZODB
import ZODB.FileStorage
from BTrees.LOBTree import LOBTree
from persistent.mapping import PersistentMapping
from ZODB.utils import p64, u64

import file_classes

FORMATS = {"ZBlk0": file_classes.ZBlk0, "ZBlk1": file_classes.ZBlk1}


def hex16(data):
    return "%016x" % (u64(data) if isinstance(data, bytes) else data)


def content(spec):
    if "text" in spec:
        return spec["text"].encode()
    if "hex" in spec:
        return bytes.fromhex(spec["hex"])
    return bytes(spec.get("at", 0)) + random.Random(spec["random"]).randbytes(spec["length"])


class Database:
    def __init__(self, path):
        self.storage = ZODB.FileStorage.FileStorage(path)
        self.db = ZODB.DB(self.storage)
        self.connection = self.db.open()

    def get(self, oid, connection=None):
        return (connection or self.connection).get(p64(int(oid, 16)))

    def commit(self):
        transaction.commit()
        return hex16(self.storage.lastTransaction())

    def keep(self, obj):
        """Reachable from the root, so that a pack leaves it."""
        self.connection.add(obj)
        self.connection.root()[hex16(obj._p_oid)] = obj
        return obj

    # Commands

    def create(self, blksize):
        file = file_classes.ZBigFile(blksize)
        self.keep(file)
        self.connection.add(file.blktab)
        return {"oid": hex16(file._p_oid), "tid": self.commit()}

    def thing(self):
        thing = self.keep(PersistentMapping())
        return {"oid": hex16(thing._p_oid), "tid": self.commit()}

    def put(self, oid, blk, spec, fmt):
        file, cls, blk = self.get(oid), FORMATS[fmt], int(blk)
        block = file.blktab.get(blk)
        if type(block) is not cls:
            file.blktab[blk] = block = cls()
        block.put(content(spec))

    def write(self, file, blocks, format="ZBlk0"):
        for blk, spec in blocks.items():
            self.put(file, blk, spec, format)
        return {"tid": self.commit()}

    def write_many(self, changes):
        """changes: list of [file, blk, content, format], one transaction."""
        for file, blk, spec, fmt in changes:
            self.put(file, blk, spec, fmt)
        return {"tid": self.commit()}

    def delete(self, file, blocks):
        for blk in blocks:
            del self.get(file).blktab[blk]
        return {"tid": self.commit()}

    def link(self, file, blk, source, source_blk):
        """Puts the object of another block into this place, too."""
        self.get(file).blktab[blk] = self.get(source).blktab[source_blk]
        return {"tid": self.commit()}

    def clear(self, file):
        self.get(file).blktab.clear()
        return {"tid": self.commit()}

    def replace_tree(self, file):
        self.get(file).blktab = LOBTree()
        return {"tid": self.commit()}

    def set_blksize(self, file, blksize):
        self.get(file).blksize = blksize
        return {"tid": self.commit()}

    def touch_other(self):
        self.connection.root()["touched"] = time.time()
        return {"tid": self.commit()}

    def chunks(self, file, blk, chunks):
        """A ZBlk1 with chunks as given: {offset: content}."""
        block = file_classes.ZBlk1()
        for offset, spec in chunks.items():
            chunk = file_classes.ZData()
            chunk.put(content(spec))
            block.chunktab[int(offset)] = chunk
        self.get(file).blktab[blk] = block
        return {"tid": self.commit()}

    def put_anything(self, file, blk):
        """A block that is no block."""
        self.get(file).blktab[blk] = PersistentMapping()
        return {"tid": self.commit()}

    def undo(self, count=1):
        """Undoes the newest transactions, one by one."""
        for entry in self.db.undoLog(0, count):
            self.db.undo(entry["id"])
            transaction.commit()
        self.connection.sync()
        return {"tid": hex16(self.storage.lastTransaction())}

    def pack(self):
        self.db.pack(time.time())
        return {"tid": hex16(self.storage.lastTransaction())}

    def where(self, file, blk, chunk=None):
        """The file offset and length of the data record of a block's object (or of one of its chunks)."""
        block = self.get(file).blktab[blk]
        if chunk is not None:
            block._p_activate()
            block = block.chunktab[chunk]
        block._p_activate()
        offset = self.storage._index[block._p_oid]
        return {"oid": hex16(block._p_oid), "offset": offset}

    def tids(self):
        return {"tids": [hex16(txn.tid) for txn in self.storage.iterator()]}

    def digest(self, file, at=None):
        """SHA-1 of each block as of a transaction, filled up with zeros, and the size."""
        if at is None:
            connection = self.db.open(transaction_manager=transaction.TransactionManager())
        else:
            before = p64(int(at, 16) + 1)
            connection = self.db.open(transaction_manager=transaction.TransactionManager(), before=before)
        try:
            zfile = self.get(file, connection)
            zfile._p_activate()
            tab, blksize = zfile.blktab, zfile.blksize
            count = tab.maxKey() + 1 if tab else 0
            blocks = {}
            for blk, block in tab.items():
                block._p_activate()
                data = block.content()
                blocks[blk] = hashlib.sha1(data + bytes(blksize - len(data))).hexdigest()
            return {"size": count * blksize, "blksize": blksize, "blocks": blocks}
        finally:
            connection.close()

    def storm(self, file, blocks, count, length, per_second=0, format="ZBlk0"):
        """Many commits in a row: each writes its number into every word of one block, in turn. Returns their tids."""
        started, tids = time.time(), []
        for number in range(1, count + 1):
            word = number.to_bytes(8, "big")
            self.put(file, blocks[number % len(blocks)], {"hex": (word * (length // 8)).hex()}, format)
            tids.append(self.commit())
            if per_second:
                time.sleep(max(0, started + number / per_second - time.time()))
        return {"tids": tids, "seconds": time.time() - started}

    def close(self):
        transaction.abort()
        self.connection.close()
        self.db.close()
        return {}


def main():
    database = Database(sys.argv[1])
    for line in sys.stdin:
        request = json.loads(line)
        command = request.pop("do")
        try:
            answer = getattr(database, command)(**request)
        except Exception as error:
            transaction.abort()
            answer = {"error": "%s: %s" % (type(error).__name__, error)}
        answer["now"] = time.time()
        print(json.dumps(answer), flush=True)
        if command == "close":
            break


main()
