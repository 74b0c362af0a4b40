"""The directories of the devices: who owns them, what is in them, and which files their device may still change.

/backups/UUID belongs to root, and to a group of the device's own whose number is the device's user id too. Files
belong to the device. On an append-only collector the directories are sticky and the files of finished sets belong to
root: the kernel then lets the device add and read, and neither overwrite, rename nor delete them, whatever it speaks.
"""

import fcntl
import os
import pwd
import re
import stat
from typing import NamedTuple

import sets

BACKUPS = '/backups'
STATE = '/var/lib/collector'
RUN = '/run/collector'
FIRST_ID = 100000
LAST_ID = 2000000000
UUID = re.compile(r'(?:[0-9a-f]{32}|[0-9a-f]{62})')

OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Neither a link nor a pipe that a device has made may lead or hold up a process of root.
OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Refused(Exception):
    """What a person on the other side may know."""


class Settings(NamedTuple):
    append_only: bool
    """Bytes a device may store, or None."""
    quota: object


def settings():
    """What collector-start read from the environment, which sessions do not see."""
    with open(f'{RUN}/settings', encoding='ascii') as file:
        found = dict(line.split() for line in file)
    quota = int(found['quota'])
    return Settings(found['append_only'] == 'true', quota if quota > 0 else None)


def shown(text):
    """A device's words as a log may show them: printable, on one line, not without end."""
    return ''.join(c if ' ' <= c <= '~' else c.encode('unicode_escape').decode() for c in text[:500])


def log(text):
    """A line in the collector's own log: the output of its first process. Serving goes on without."""
    try:
        with open('/proc/1/fd/1', 'a', encoding='utf-8') as out:
            out.write(f'collector: {text}\n')
    except OSError:
        pass


def folder_of(uuid):
    return f'{BACKUPS}/{uuid}'


def own(uuid, append_only):
    """Makes the device's directory where it is missing, and takes over what the first generation of the collector left.
    Gives the device's id. Every step may be cut off: the next login makes it good."""
    folder = folder_of(uuid)
    with open(f'{RUN}/lock', 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            pass
        with _opened(folder) as fd:
            seen = os.fstat(fd)
            identity = seen.st_gid if FIRST_ID <= seen.st_gid <= LAST_ID else _new_id()
            has_more = _gather(uuid, fd)
            # Its mode says whether all below belongs to whom it should: only then may the device enter. Another session
            # of the device may be at work: its folder is not shut without need.
            is_settled = stat.S_IMODE(seen.st_mode) == (0o1770 if append_only else 0o770) and seen.st_uid == 0
            if not is_settled or has_more:
                os.fchmod(fd, 0o700)
            os.fchown(fd, 0, identity)
        _name(identity)
    if append_only or has_more or not is_settled:
        settle(folder, identity, append_only)
    return identity


class _opened:
    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        try:
            self.fd = os.open(self.folder, OPEN_FOLDER)
        except OSError as error:
            raise Refused(f'{self.folder} is not a directory') from error
        return self.fd

    def __exit__(self, *_):
        os.close(self.fd)


def _ids_in_use():
    for entry in os.scandir(BACKUPS):
        identity = entry.stat(follow_symlinks=False).st_gid
        if FIRST_ID <= identity <= LAST_ID:
            yield identity


def _new_id():
    """Above every id that was ever given out, so that no device inherits what a removed one left."""
    counter = f'{STATE}/last-id'
    try:
        with open(counter, encoding='ascii') as file:
            last = int(file.read())
    except (FileNotFoundError, ValueError):
        last = FIRST_ID - 1
    identity = max([FIRST_ID - 1, last, *_ids_in_use()]) + 1
    if identity > LAST_ID:
        raise Refused('the collector has no id left')
    with open(counter + '.new', 'w', encoding='ascii') as file:
        file.write(f'{identity}\n')
        file.flush()
        os.fsync(file.fileno())
    os.replace(counter + '.new', counter)
    return identity


def _gather(uuid, fd):
    """The first generation also stored into /backups itself, with the UUID as a prefix. Only root can put files there.
    True when there were some."""
    has_some = False
    for entry in list(os.scandir(BACKUPS)):
        if not entry.name.startswith(f'{uuid}-') or not entry.is_file(follow_symlinks=False):
            continue
        has_some = True
        try:
            os.link(entry.path, entry.name, dst_dir_fd=fd, follow_symlinks=False)
        except FileExistsError:
            # A link that was made when the last try was cut off is the same file.
            if not os.path.samestat(os.stat(entry.name, dir_fd=fd, follow_symlinks=False), entry.stat()):
                log(f'left {shown(entry.path)} where it is: device={uuid} has a file of that name')
                continue
        os.unlink(entry.path)
        log(f'moved {shown(entry.name)} into the directory of device={uuid}')
    return has_some


def _name(identity):
    """sftp-server ends at once for a user id without a name. A new container starts without these lines."""
    try:
        pwd.getpwuid(identity)
    except KeyError:
        with open('/etc/passwd', 'a', encoding='ascii') as passwd:
            passwd.write(f'device-{identity}:*:{identity}:{identity}::/nonexistent:/usr/sbin/nologin\n')


class Seen(NamedTuple):
    """What is in a directory: `files` by path below it, as (size, change, inode)."""

    files: dict
    used: int


def look(folder):
    """Every file counts for at least a block, so that a quota bounds their number as well."""
    files, used = {}, 0
    for path, folders, names, fd in os.fwalk(folder, follow_symlinks=False):
        used += 4096 * len(folders)
        for name in names:
            try:
                found = os.stat(name, dir_fd=fd, follow_symlinks=False)
            except FileNotFoundError:
                continue
            files[os.path.relpath(os.path.join(path, name), folder)] = (found.st_size, found.st_mtime_ns, found.st_ino)
            used += max(found.st_blocks * 512, 4096)
    return Seen(files, used)


def sets_in(folder):
    """All sets below a directory, by key."""
    found = {}
    for path, _, names, fd in os.fwalk(folder, follow_symlinks=False):
        for name in names:
            file = sets.parse(os.path.relpath(path, folder), name)
            if file is not None:
                each = found.setdefault(file.key, sets.Set(file.key))
                each.add(file, name, file.is_manifest and _is_whole(name, fd))
    return found


def _is_whole(name, folder_fd):
    try:
        fd = os.open(name, OPEN_FILE, dir_fd=folder_fd)
    except OSError:
        return False
    try:
        seen = os.fstat(fd)
        return stat.S_ISREG(seen.st_mode) and sets.is_whole(fd, seen.st_size)
    finally:
        os.close(fd)


def settle(folder, identity, append_only):
    """Gives every file to whom it belongs: those of finished sets of an append-only collector to root, all others to the
    device. The device's own folder comes last and lets it in."""
    finished = set()
    if append_only:
        # By time alone: manifests and volumes may have prefixes of their own.
        finished = {(key.folder, key.start, key.time) for key, each in sets_in(folder).items() if each.has_manifest}
    for path, folders, names, fd in os.fwalk(folder, topdown=False, follow_symlinks=False):
        for name in names:
            file = sets.parse(os.path.relpath(path, folder), name)
            is_finished = file is not None and (file.key.folder, file.key.start, file.key.time) in finished
            _give(name, fd, 0 if is_finished else identity, identity)
        for name in folders:
            _give_folder(name, fd, 0 if append_only else identity, identity)
    with _opened(folder) as fd:
        os.fchmod(fd, 0o1770 if append_only else 0o770)


def _give(name, folder_fd, owner, group):
    try:
        seen = os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
        if (seen.st_uid, seen.st_gid) == (owner, group):
            return
        if not stat.S_ISREG(seen.st_mode):
            os.chown(name, group, group, dir_fd=folder_fd, follow_symlinks=False)
            return
        fd = os.open(name, OPEN_FILE, dir_fd=folder_fd)
    except FileNotFoundError:
        return
    try:
        seen = os.fstat(fd)
        if stat.S_ISREG(seen.st_mode) and seen.st_nlink == 1:
            os.fchown(fd, owner, group)
            os.fchmod(fd, 0o440 if owner == 0 else 0o600)
    finally:
        os.close(fd)


def _give_folder(name, folder_fd, owner, group):
    """In a sticky folder of root's a device can remove or rename what is its own, and nothing else."""
    try:
        fd = os.open(name, OPEN_FOLDER, dir_fd=folder_fd)
    except OSError:
        return
    try:
        os.fchown(fd, owner, group)
        os.fchmod(fd, 0o1770 if owner == 0 else 0o700)
    finally:
        os.close(fd)
