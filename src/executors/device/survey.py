"""Looks at what a restore would do, and changes nothing. Goes behind engine.py and listing.py."""

import glob
import gzip
import struct
import tarfile

# What one line of output holds.
MOST_SETS = 800
MOST_NAMES = 300


def signature_files(archive, begin, end):
    """The signatures of a chain up to a set, in order."""
    for path in glob.glob(glob.escape(archive) + '/**/*sigtar*', recursive=True):
        times = re.findall(r'\d{8}T\d{6}Z', os.path.basename(path))
        if times and begin <= times[0] and times[-1] <= end:
            yield times[-1], path


def sizes(archive, begin, end):
    """About how big the files of a snapshot are: a signature has a line for each block of its file."""
    found = {}
    for _, path in sorted(signature_files(archive, begin, end)):
        opened = gzip.open if path.endswith('.gz') else open
        with opened(path, 'rb') as file, tarfile.open(fileobj=file, mode='r|') as tar:
            for member in tar:
                kind, _, name = member.name.partition('/')
                if kind == 'deleted':
                    found.pop(name, None)
                elif kind in ('signature', 'snapshot'):
                    found[name] = signed_size(tar.extractfile(member).read(12), member.size) if member.isfile() else 0
    return found


def signed_size(head, size):
    _, block, strong = struct.unpack('>III', head)
    return (size - 12) // (4 + strong) * block


def contents(log, archive, sets, chosen, member):
    """The volumes in a snapshot, and the one member that is asked for: entries and about how many bytes."""
    begin = max((time for mode, time in sets if mode == 'full' and time <= chosen), default=chosen)
    try:
        bytes_of = sizes(archive, begin, chosen)
    except (OSError, EOFError, ValueError, AttributeError, struct.error, tarfile.TarError):
        bytes_of = None
    found = {}
    paths = list(listed(log))
    member = placed(member, paths)
    for path in paths:
        for name in {path.split('/')[0], member} if member and is_below(path, member) else {path.split('/')[0]}:
            if name != '.':
                found[name] = found.get(name, 0) + 1
    return [{
        'name': name,
        'entries': entries,
        'bytes': None if bytes_of is None else sum(size for path, size in bytes_of.items() if is_below(path, name)),
    } for name, entries in sorted(found.items())]


def placed(member, paths):
    """Where `VOLUME/PATH` is in a snapshot that may have the volume under the engine's name, FLEET_VOLUME."""
    volume, slash, below = member.partition('/')
    tops = [path for path in paths if '/' not in path and re.sub(r'^\d+_', '', path) == volume]
    return tops[0] + slash + below if tops else member


def device(app):
    """The volumes of the fleet, who uses them, and the room there is."""
    available, whole = free()
    rows = (insist('GET', '/volumes')[1] or {}).get('Volumes') or []
    prefix = f'{app}_'
    names = sorted(row['Name'][len(prefix):] for row in rows if row['Name'].startswith(prefix))
    here = os.stat(STAGING).st_dev
    disks = {name: os.stat(f'{VOLUMES}/{prefix}{name}/_data').st_dev for name in names}
    services = []
    for each in containers():
        held = [name[len(prefix):] for name in each['volumes'] if name.startswith(prefix)]
        if held and each['up']:
            locked = bool(each['service'] and each['app']) and is_locked(each)
            services.append({'name': each['service'] or each['name'], 'volumes': sorted(set(held)), 'locked': locked})
    return {
        'volumes': names[:MOST_NAMES],
        'special': [row['Name'][len(prefix):] for row in rows if row['Name'].startswith(prefix) and is_special(row)],
        'otherDisk': [name for name in names if disks[name] != here],
        'services': sorted(services, key=lambda each: each['name'])[:MOST_NAMES],
        'freeBytes': available,
        'diskBytes': whole,
        'undo': undo_copy(),
    }


def is_special(volume):
    """Whether its content is elsewhere than in its folder: on a file server, in memory, in a folder of the host."""
    return volume.get('Driver') != 'local' or bool(volume.get('Options'))


def undo_copy():
    book = load(UNDO + '/undo.json')
    if book is None:
        return None
    return {
        'at': book['at'],
        'snapshotAt': book['snapshotAt'],
        'items': [item['label'] for item in book['items']],
        'volumes': sorted({item['volume'] for item in book['items']}),
        'bytes': size_of(UNDO)[1],
    }


def survey(app, folder, chosen, member):
    """`folder` has what Duplicity said: `sets`, `files` (a log), and the `archive` that it read."""
    sets = []
    if os.path.exists(folder + '/sets'):
        with open(folder + '/sets', encoding='ascii') as file:
            sets = [line.split()[:2] for line in file if line.strip()]
    found = contents(folder + '/files', folder + '/archive', sets, chosen, member) if chosen else []
    return {'ok': True, 'survey': {
        'sets': [time for _, time in sets[-MOST_SETS:]],
        'snapshotAt': chosen or None,
        'contents': found[:MOST_NAMES],
        **device(app),
    }}


if __name__ == '__main__':
    print(json.dumps(survey(*sys.argv[1:5])))
