"""Makes the database of the benchmark: make_database.py PATH MEGABYTES [BLKSIZE]

Two files in blocks of 2 MiB (or BLKSIZE bytes) of random bytes, one of ZBlk0 (oid 1), one of ZBlk1; prints their oids as JSON.
"""
import json
import os
import sys

import transaction
import ZODB
import ZODB.FileStorage

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../test/wcfs/python"))
import file_classes  # noqa: E402


def main(path, megabytes, blksize=2 << 20):
    together = max(1, (32 << 20) // blksize)
    db = ZODB.DB(ZODB.FileStorage.FileStorage(path), cache_size=100)
    connection = db.open()
    oids = []
    for cls in (file_classes.ZBlk0, file_classes.ZBlk1):
        file = file_classes.ZBigFile(blksize)
        connection.add(file)
        connection.add(file.blktab)
        connection.root()[cls.__name__] = file
        for blk in range(megabytes * (1 << 20) // blksize):
            file.blktab[blk] = block = cls()
            block.put(os.urandom(blksize))
            if blk % together == together - 1:
                transaction.commit()
                connection.cacheMinimize()
        transaction.commit()
        oids.append(file._p_oid.hex())
    print(json.dumps(oids))
    db.close()


main(sys.argv[1], *map(int, sys.argv[2:]))
