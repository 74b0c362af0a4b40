"""What Duplicity's log says is in a snapshot. Goes behind engine.py."""

import codecs
import re

ROW = re.compile(r"^\w+ 10 \d{8}T\d{6}Z '(.*)' \w+$")


def listed(log):
    """The paths of a snapshot, from the log of list-current-files. Names that are not UTF-8 do not get there."""
    with open(log, encoding='utf-8', errors='surrogateescape') as file:
        for line in file:
            row = ROW.match(line.rstrip('\n'))
            if row:
                yield codecs.decode(row.group(1), 'unicode-escape')


def is_below(path, member):
    return path == member or path.startswith(member + '/')


def count(log, member):
    """How many entries there are of a member, itself included."""
    return sum(is_below(path, member) for path in listed(log))
