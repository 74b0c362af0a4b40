"""Folders, entries and files of the disk that a device's volumes and the staging volume are on."""

import ctypes
import errno
import json
import os
import shutil

VOLUMES = '/engine/volumes'
# By way of the volumes' folder: between two mounts of one disk nothing can be renamed.
STAGING = VOLUMES + '/balena-backup-staging/_data'
WORK = STAGING + '/work'
UNDO = STAGING + '/undo'
# Behind the name of what waits while three renames do the work of one exchange.
ASIDE = '.aside'


class Refused(Exception):
    """Nothing was changed; a word for the orchestrator, and the names that it is about."""

    def __init__(self, kind, names=()):
        super().__init__(kind)
        self.kind = kind
        self.names = list(names)


def inode(folder, name):
    """Which thing an entry is, whatever it is called; None where there is none."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_ino
    except FileNotFoundError:
        return None


def open_folder(start, parts, makes):
    """A folder below another, which no link leads out of."""
    fd = os.open(start, os.O_RDONLY | os.O_DIRECTORY)
    for part in parts:
        if makes and inode(fd, part) is None:
            os.mkdir(part, 0o755, dir_fd=fd)
        try:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
        finally:
            os.close(fd)
        fd = below
    return fd


LIBC = ctypes.CDLL(None, use_errno=True)


def flush():
    """What was written to the volumes' disk stays there, whatever happens."""
    folder = os.open(STAGING, os.O_RDONLY)
    if not hasattr(LIBC, 'syncfs') or LIBC.syncfs(folder) != 0:
        os.sync()
    os.close(folder)


def exchange(folder, name, other_folder, other):
    """Swaps two entries of one file system in one step. False where the kernel cannot."""
    if not hasattr(LIBC, 'renameat2'):
        return False
    if LIBC.renameat2(folder, os.fsencode(name), other_folder, os.fsencode(other), 2) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(code, os.strerror(code), name)


def bring(folder, name, other_folder, other, wanted):
    """
    Has the entry `wanted` (an inode; None: nothing) stand at `name`, and what stood there at `other`. Done already, it
    does nothing; cut off anywhere, it is finished when it is done again.
    """
    aside = other + ASIDE
    here = inode(folder, name)
    if inode(other_folder, aside) is None and here == wanted:
        return
    if wanted is None:
        os.rename(name, other, src_dir_fd=folder, dst_dir_fd=other_folder)
        return
    if here is not None and here != wanted and inode(other_folder, aside) is None:
        if exchange(folder, name, other_folder, other):
            return
        os.rename(name, aside, src_dir_fd=folder, dst_dir_fd=other_folder)
    if inode(folder, name) is None:
        os.rename(other, name, src_dir_fd=other_folder, dst_dir_fd=folder)
    if inode(other_folder, aside) is not None:
        os.rename(aside, other, src_dir_fd=other_folder, dst_dir_fd=other_folder)


def save(path, value):
    """The whole of it or the former one, also after a power cut."""
    with open(path + '.new', 'w', encoding='utf-8') as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + '.new', path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def load(path):
    """None where there is none."""
    try:
        with open(path, encoding='utf-8') as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def drop(path):
    """A tree or a file, whatever is in it."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def size_of(path):
    """Entries below a folder or the file itself, and the bytes that they take on the disk."""
    entries, taken = 0, 0
    pending = [path]
    while pending:
        each = pending.pop()
        stat = os.lstat(each)
        entries += 1
        taken += stat.st_blocks * 512
        if os.path.isdir(each) and not os.path.islink(each):
            with os.scandir(os.fsencode(each)) as found:
                pending.extend(entry.path for entry in found)
    return entries, taken


def free():
    """Bytes that are free for us, and bytes in all, where staging lies."""
    disk = os.statvfs(STAGING)
    return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
