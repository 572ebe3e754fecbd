"""Look-alikes of the classes big files are made of, under the names they have in databases.

Only the shape of their states matters here: a ZBigFile is (block size, LOBTree of blocks), a ZBlk0 is bytes without the zeros at
its end, a ZBlk1 is an IOBTree of ZData by offset, and a ZData is bytes like a ZBlk0.
"""
import sys
import types

from BTrees.IOBTree import IOBTree
from BTrees.LOBTree import LOBTree
from persistent import Persistent

CHUNK = 4096


class ZBigFile(Persistent):
    def __init__(self, blksize):
        self.blksize = blksize
        self.blktab = LOBTree()

    def __getstate__(self):
        return (self.blksize, self.blktab)

    def __setstate__(self, state):
        self.blksize, self.blktab = state


class _Bytes(Persistent):
    data = b""

    def __getstate__(self):
        return self.data

    def __setstate__(self, state):
        self.data = state

    def put(self, data):
        self.data = bytes(data).rstrip(b"\0")
        self._p_changed = True


class ZBlk0(_Bytes):
    def content(self):
        return self.data


class ZData(_Bytes):
    pass


class ZBlk1(Persistent):
    def __init__(self):
        self.chunktab = IOBTree()

    def __getstate__(self):
        return self.chunktab

    def __setstate__(self, state):
        self.chunktab = state

    def content(self):
        out = bytearray()
        for offset, chunk in self.chunktab.items():
            out[len(out):offset] = bytes(offset - len(out))
            out += chunk.data
        return bytes(out)

    def put(self, data):
        """Stores the data in chunks; what did not change keeps its object untouched."""
        for offset in range(0, max(len(data), self._end()), CHUNK):
            part = bytes(data[offset:offset + CHUNK]).rstrip(b"\0")
            old = self.chunktab.get(offset)
            if not part:
                if old is not None:
                    del self.chunktab[offset]
            elif old is None:
                self.chunktab[offset] = chunk = ZData()
                chunk.put(part)
            elif old.data != part:
                old.put(part)
        self._p_changed = True

    def _end(self):
        return self.chunktab.maxKey() + CHUNK if self.chunktab else 0


def register():
    """Makes pickles name the classes as wendelin.core does."""
    name = "wendelin.bigfile.file_zodb"
    for part in ("wendelin", "wendelin.bigfile", name):
        sys.modules.setdefault(part, types.ModuleType(part))
    module = sys.modules[name]
    for cls in (ZBigFile, ZBlk0, ZBlk1, ZData):
        cls.__module__ = name
        setattr(module, cls.__name__, cls)


register()
