"""What wendelin.core's own tests ask of a server executable, from outside: outsider.py EXECUTABLE ZURL MOUNTPOINT FILE

Speaks the protocol by itself. Prints `ok - ...` for each thing that holds, and ends with an error at the first that does not.
FILE is a big file with block 0, whose block size the caller changes when it is told `change`, and which gets new blocks when told `commit`.
"""
import errno
import os
import subprocess
import sys
import threading
import time

exe, zurl, mntpt, oid = sys.argv[1:]
FLAGS = ["-debug", "-logtostderr", "-pintimeout", "3.0s"]


def ok(text):
    print("ok - " + text, flush=True)


def ask(word):
    print(word, flush=True)
    return sys.stdin.readline().strip()


def read(path, size=65536):
    with open(os.path.join(mntpt, path), "rb", buffering=0) as f:
        return f.read(size)


def within(seconds, what, condition):
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, what
        time.sleep(0.01)


class Server:
    def __init__(self, *flags):
        self.errors = []
        self.process = subprocess.Popen([exe, *FLAGS, *flags, zurl, mntpt], close_fds=True, stderr=subprocess.PIPE)
        threading.Thread(target=self.listen, daemon=True).start()
        end = time.time() + 3
        while True:
            try:
                with open(mntpt + "/.wcfs/zurl") as f:
                    assert f.read() == zurl
                return
            except OSError as error:
                assert error.errno == errno.ENOENT, error
                assert time.time() < end, "not ready within 3 s"
                time.sleep(0.1)

    def listen(self):
        for line in self.process.stderr:
            self.errors.append(line.decode())

    def said(self, text):
        return any(text in line for line in self.errors)


def mounts():
    found = []
    for line in open("/proc/self/mountinfo"):
        fields = line.split()
        tail = fields[fields.index("-") + 1:]
        if fields[4] == mntpt:
            found.append((fields[2], fields[5].split(","), tail[0], tail[1]))
    return found


def gone_with(path, errors=("ENOTCONN",), meanwhile=("ECONNABORTED",)):
    end = time.time() + 3
    while time.time() < end:
        try:
            read(path)
        except OSError as error:
            name = errno.errorcode[error.errno]
            if name in errors:
                return
            assert name in meanwhile, name
        time.sleep(0.01)
    raise AssertionError("no " + "/".join(errors))


server = Server()
ok("ready within 3 s; .wcfs/zurl is ENOENT before and the zurl then")

pid = server.process.pid
proc = "/proc/%d/" % pid
assert open(proc + "comm").read() == "wcfs\n"
assert os.readlink(proc + "exe") == exe
assert open(proc + "cmdline").read().split("\0")[-3:-1] == [zurl, mntpt]
assert "/dev/fuse" in [os.readlink(proc + "fd/" + fd) for fd in os.listdir(proc + "fd")]
ok("the spawned process is the server: comm, exe, argv, /dev/fuse")

[(device, options, fstype, source)] = mounts()
assert (fstype, source) == ("fuse.wcfs", zurl), (fstype, source)
assert "nosuid" in options and "nodev" in options, options
abort = "/sys/fs/fuse/connections/%s/abort" % device.split(":")[1]
assert os.stat(abort).st_uid == os.stat(proc).st_uid == os.getuid()
assert os.minor(os.stat(mntpt).st_dev) == int(device.split(":")[1])
ok("one mount: fuse.wcfs of the zurl, and its connection is the user's to abort")

assert float(read(".wcfs/pintimeout")) == 3.0
stats = read(".wcfs/stats").decode()
assert [line.split("\t: ") for line in stats.splitlines()] == [
    [key, "0"] for key in "BigFile RevHead ZHeadLink WatchLink Watch PinnedBlk pin pinkill".split()
], stats
assert sorted(os.listdir(mntpt + "/.wcfs")) == ["debug", "pintimeout", "stats", "zurl"]
assert sorted(os.listdir(mntpt + "/head")) == ["at", "bigfile", "watch"]
assert len(read("head/at")) == 16
ok(".wcfs and head have what tests use, and statistics begin at 0")

zhead = open(mntpt + "/.wcfs/debug/zhead", "rb", buffering=0)
at1 = read("head/at").decode()
at2 = ask("commit")
assert zhead.read(17).decode() == at2 + "\n"
assert read("head/at").decode() == at2
zhead.close()
ok("zhead tells of a commit, and head/at shows it then")

block = os.open(mntpt + "/head/bigfile/" + oid, os.O_RDONLY)
os.pread(block, 4, 0)
at3 = ask("commit")
within(3, "head/at", lambda: read("head/at").decode() >= at3)
link = os.open(mntpt + "/head/watch", os.O_RDWR)
os.write(link, b"1 watch %s @%s\n" % (oid.encode(), at2.encode()))
pin = os.read(link, 128).decode()
assert pin == "2 pin %s #0 @%s\n" % (oid, at2), pin
os.write(link, b"2 ack\n")
assert os.read(link, 128) == b"1 ok\n"
os.write(link, b"3 watch %s @%s\n" % (oid.encode(), at3.encode()))
assert os.read(link, 128).decode() == "4 pin %s #0 @head\n" % oid
os.write(link, b"4 ack\n")
assert os.read(link, 128) == b"3 ok\n"
os.write(link, b"5 bla bla\n")
assert os.read(link, 128) == b'5 error bad watch: not a watch request: "bla bla"\n'
os.write(link, b"7 bye\n")
assert os.read(link, 128) == b""
os.close(link)
os.close(block)
ok("a watch is set up, pinned, unpinned, refused and left")

os.kill(pid, 9)
gone_with("head/at")
assert server.process.wait(3) == -9
assert len(mounts()) == 1
subprocess.run(["fusermount", "-u", mntpt], check=True)
ok("SIGKILL: ENOTCONN within 3 s, the process is gone, the mount entry stays until it is unmounted")

def end_time():
    server = Server("-autoexit")
    subprocess.run(["fusermount", "-u", mntpt], check=True)
    start = time.time()
    assert server.process.wait(30) == 0
    return time.time() - start


# On a machine that has much else to do the best of some.
assert any(end_time() < 0.6 for _ in range(6))
ok("after an unmount it ends with 0 within 0.6 s; -autoexit is taken")

server = Server()
os.stat(mntpt + "/head/bigfile/" + oid)
ask("change")
gone_with("head/at", meanwhile=("ECONNABORTED",))
within(3, "the two texts", lambda: server.said("zwatcher failed") and server.said("switching filesystem to EIO mode"))
assert server.process.wait(3) != 0
subprocess.run(["fusermount", "-u", mntpt], check=True)
ok("when a file's block size changes it says both texts and dies; every access is ENOTCONN")

for args, status in (["-h"], 0), ([zurl], 2), (["-nonsense", zurl, mntpt], 2), (["-pintimeout", "soon", zurl, mntpt], 2):
    assert subprocess.run([exe, *args], capture_output=True).returncode == status, args
ok("exit codes of command lines")
