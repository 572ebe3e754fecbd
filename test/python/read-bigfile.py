"""Prints the content of a big file, read with the real ZODB. Arguments: FILESTORAGE ROOT-KEY."""
import sys
import types

import ZODB
import ZODB.FileStorage
from BTrees.check import check
from persistent import Persistent

module = types.ModuleType("wendelin.bigfile.file_zodb")


class Plain(Persistent):
    """Keeps whatever its state is."""

    def __setstate__(self, state):
        self.__dict__["state"] = state

    def __getstate__(self):
        return self.__dict__["state"]


for name in ("ZBigFile", "ZBlk0", "ZBlk1", "ZData"):
    setattr(module, name, type(name, (Plain,), {"__module__": module.__name__}))
for name in ("wendelin", "wendelin.bigfile"):
    sys.modules[name] = types.ModuleType(name)
sys.modules[module.__name__] = module


def state(obj):
    obj._p_activate()
    return obj.__dict__["state"]


def content(block, size):
    if type(block) is module.ZBlk0:
        data = state(block)
    else:
        assert type(block) is module.ZBlk1, type(block)
        chunks = state(block)
        check(chunks)
        chunks._check()
        data = bytearray()
        for offset, chunk in chunks.items():
            assert offset % 4096 == 0
            data += bytes(offset - len(data))
            data += state(chunk)
    assert not data.endswith(b"\0")
    assert len(data) <= size
    return bytes(data).ljust(size, b"\0")


storage = ZODB.FileStorage.FileStorage(sys.argv[1], read_only=True)
file = ZODB.DB(storage).open().root()[sys.argv[2]]
blksize, table = state(file)
check(table)
table._check()
for number in range(table.maxKey() + 1):
    block = table.get(number)
    sys.stdout.buffer.write(bytes(blksize) if block is None else content(block, blksize))
