"""Ports for test servers that nobody else takes before the servers bind: out
of blocks below the range of outgoing connections, each locked for as long as
a process holds its lock. All stacks of a machine share the locks.

  ports.py N      prints N ports and keeps them until its input ends"""
import errno, fcntl, os, socket, sys

FOLDER = "/tmp/easbridge-test-ports"
FIRST, BLOCK = 12000, 16


def highest():
    """Ports from there on go to whoever connects or asks for any."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
            low = int(f.read().split()[0])
    except (OSError, ValueError, IndexError):
        low = 32768
    return min(low, 32768)


def folder():
    try:
        os.mkdir(FOLDER)
        os.chmod(FOLDER, 0o1777)  # for all accounts
    except FileExistsError:
        pass


def open_lock(path):
    """Not in one step: the kernel refuses O_CREAT for somebody else's file
    in such a folder (fs.protected_regular)."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    for _ in range(3):
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            pass
        try:
            return os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            pass
    return -1


def take(first):
    """The lock on a block; -1: it is another's."""
    fd = -1
    try:
        fd = open_lock(os.path.join(FOLDER, str(first)))
        if fd >= 0:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return fd
    except OSError as e:
        if fd >= 0:
            os.close(fd)
        if e.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EPERM,
                       errno.ELOOP):
            return -1
        raise


def is_free(port):
    s = socket.socket()
    try:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", port))
        return True
    except OSError:
        return False
    finally:
        s.close()


def reserve(n):
    """n ports, and the lock: an open file whose inheritors keep them, too."""
    assert n <= BLOCK
    folder()
    blocks = list(range(FIRST, highest() - BLOCK + 1, BLOCK))
    start = os.getpid() * 7 % max(len(blocks), 1)
    for first in blocks[start:] + blocks[:start]:
        fd = take(first)
        if fd < 0:
            continue
        free = [p for p in range(first, first + BLOCK) if is_free(p)]
        if len(free) >= n:
            return free[:n], fd
        os.close(fd)
    raise RuntimeError("no %d free ports from %d on" % (n, FIRST))


if __name__ == "__main__":
    print(*reserve(int(sys.argv[1]))[0], flush=True)
    sys.stdin.read()
