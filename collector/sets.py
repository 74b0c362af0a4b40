"""What Duplicity's file names say: sets, whether they are finished, and which of them a retention by count drops."""

import os
import re
from typing import NamedTuple, Optional

TIME = r'[0-9]{8}T[0-9]{6}Z'
NAME = re.compile(
    rf'(?P<prefix>.*)duplicity-(?:full(?:-signatures)?\.(?P<full>{TIME})'
    rf'|(?:inc|new-signatures)\.(?P<start>{TIME})\.to\.(?P<end>{TIME}))'
    r'\.(?:vol(?P<volume>[0-9]{1,9})\.difftar|(?P<manifest>manifest)|sigtar|jsonstat)(?P<part>\.part)?(?:\.gpg|\.gz)?'
)


# Nothing, or the packets before the encrypted one.
KEY_PACKETS = (0, 1, 3)


class Key(NamedTuple):
    """One set of one target. `start` is None for a full set."""

    folder: str
    prefix: str
    start: Optional[str]
    time: str


class File(NamedTuple):
    key: Key
    volume: Optional[int]
    is_manifest: bool


def parse(folder, name):
    """The set a file belongs to and what it is of it, or None for a file that is not Duplicity's."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    key = Key(folder, match['prefix'], match['start'], match['full'] or match['end'])
    is_manifest = match['manifest'] is not None and match['part'] is None
    return File(key, int(match['volume']) if match['volume'] else None, is_manifest)


def is_whole(fd, size):
    """Whether an OpenPGP message has not been cut off: its last packet ends where the file does. A manifest that was
    being sent when the link broke is not there yet. Reads lengths only; what is no OpenPGP message counts as whole."""
    at = kind = 0
    while at < size:
        tag = os.pread(fd, 1, at)[0]
        if not tag & 0x80:
            return at == 0
        kind = tag & 0x3F if tag & 0x40 else tag >> 2 & 0xF
        at += 1
        if tag & 0x40:
            at = _end_of_new(fd, at)
        elif tag & 3 == 3:
            return True
        else:
            octets = 1 << (tag & 3)
            at += octets + int.from_bytes(os.pread(fd, octets, at), 'big')
        if at is None:
            return False
    return at == size and kind not in KEY_PACKETS


def _end_of_new(fd, at):
    """Where a packet of the new format ends whose length begins at `at`; None where the file is over before."""
    while True:
        octets = os.pread(fd, 5, at)
        if not octets:
            return None
        first = octets[0]
        if 224 <= first < 255:
            at += 1 + (1 << (first & 31))
            continue
        if first < 192:
            return at + 1 + first
        if first < 224:
            return at + 2 + ((first - 192) << 8) + octets[1] + 192 if len(octets) > 1 else None
        return at + 5 + int.from_bytes(octets[1:5], 'big') if len(octets) == 5 else None


class Set:
    """The files of one set. It is finished when its manifest is there, which is sent last, and no volume is missing."""

    def __init__(self, key):
        self.key = key
        self.files = []
        self.volumes = set()
        self.has_manifest = False

    def add(self, file, name, is_manifest_whole):
        self.files.append((file, name))
        if file.volume is not None:
            self.volumes.add(file.volume)
        if file.is_manifest and is_manifest_whole:
            self.has_manifest = True

    @property
    def is_finished(self):
        return self.has_manifest and self.volumes == set(range(1, len(self.volumes) + 1)) and len(self.volumes) > 0

    def names_to_drop(self):
        """The manifest first: a set that has lost anything must not look finished, wherever the work is cut off."""
        return [name for file, name in sorted(self.files, key=lambda each: (not each[0].is_manifest, each[1]))]


class Retention(NamedTuple):
    """`kept`: the full sets whose chains stay, newest first. `dropped`: in the order in which they may go."""

    kept: list
    dropped: list


def retention(sets, keep):
    """Which sets of one target go when the `keep` newest finished chains stay.

    What a kept chain needs never goes, nor does an unfinished set that is newer than every finished one: a run may be
    at it. Leftovers of runs that never finished go once they are older than all that is kept.
    """
    finished = sorted((each for each in sets if each.key.start is None and each.is_finished), key=_time, reverse=True)
    kept, surplus = finished[:keep], finished[keep:]
    if len(kept) < keep:
        return Retention(kept, [])
    newest = max(_time(each) for each in sets if each.is_finished)
    oldest_kept = _time(kept[-1])
    by_start = {}
    for each in sets:
        by_start.setdefault(each.key.start, []).append(each)
    needed, going = _chained(by_start, kept), _chained(by_start, surplus)
    going |= {each for each in sets if each not in going and _time(each) < oldest_kept}
    dropped = [each for each in going - needed if each.is_finished or _time(each) < newest]
    # The latest first and a full set last of its chain: what is left is a shorter chain, never one without its begin.
    return Retention(kept, sorted(dropped, key=_time, reverse=True))


def _time(each):
    return each.key.time


def _chained(by_start, fulls):
    """The full sets with all that was added to them, and to what was added."""
    found, waiting = set(), list(fulls)
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting.extend(later for later in by_start.get(each.key.time, ()) if later.key.time > each.key.time)
    return found
