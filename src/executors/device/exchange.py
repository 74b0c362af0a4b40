"""
The exchange at the end of a restore: services stopped, contents swapped, services started again. What is done is in a
journal before it is done, so that whoever runs this next, after whatever happened, brings it to an end. Goes behind
engine.py.
"""

JOURNAL = WORK + '/journal.json'
# What Duplicity restored, one entry for each item; after the exchange it is what was replaced.
STAGED = WORK + '/staged'
UNDO_BOOK = '/undo.json'
# With less than this share of the disk free, an undo copy takes the room that the device needs.
UNDO_SHARE = 0.1


class Failed(Exception):
    """It cannot go on; what was done is taken back."""


def place_of(journal, item, makes=False):
    """The folder that an item's entry is in, and the entry's name."""
    parts = ['_data', *(item['path'].split('/') if item['path'] else [])]
    try:
        folder = open_folder(f'{VOLUMES}/{engine_name(journal["app"], item["volume"])}', parts[:-1], makes)
    except OSError as error:
        raise Refused('path-blocked', [item['label'], str(error.strerror)]) from error
    return folder, parts[-1]


def other_of(item):
    """The same for where the other content of an item is."""
    return open_folder(os.path.dirname(item['other']), [], False), os.path.basename(item['other'])


def volumes_of(journal):
    return sorted({item['volume'] for item in journal['items']})


def identified(order, item):
    """The item with what stands where by now: content is told apart by its inode."""
    folder, name = place_of(order, item, makes=True)
    other, staged = other_of(item)
    try:
        if os.fstat(folder).st_dev != os.fstat(other).st_dev:
            raise Refused('other-disk', [item['label']])
        new = inode(other, staged)
        if new is None and not item.get('absent'):
            raise Refused('nothing-staged', [item['label']])
        return {**item, 'new': new, 'old': inode(folder, name)}
    finally:
        os.close(folder)
        os.close(other)


def make_volumes(order):
    there = {each['Name'] for each in (insist('GET', '/volumes')[1] or {}).get('Volumes') or []}
    for volume in volumes_of(order):
        if engine_name(order['app'], volume) not in there:
            create_volume(order['app'], volume)


def swap(journal, key):
    """Every item's `new` content in place, or its `old` one."""
    for item in journal['items']:
        folder, name = place_of(journal, item)
        other, staged = other_of(item)
        try:
            bring(folder, name, other, staged, item[key])
        finally:
            os.close(folder)
            os.close(other)
    flush()


def exchanged_items(journal):
    """The items whose new content is in place; one that was cut off in between is exchanged to its end."""
    done = []
    for item in journal['items']:
        folder, name = place_of(journal, item)
        other, staged = other_of(item)
        if inode(folder, name) != item['old'] or inode(other, staged + ASIDE) is not None:
            bring(folder, name, other, staged, item['new'])
            done.append(item)
        os.close(folder)
        os.close(other)
    return done


def is_begun(journal):
    """Whether any item's content was exchanged."""
    for item in journal['items']:
        folder, name = place_of(journal, item)
        here = inode(folder, name)
        os.close(folder)
        if here != item['old']:
            return True
    return False


class Exchange:
    """The states of the journal: forward (or back; halted for an overlay) -> exchanged (or returned) -> settled."""

    def __init__(self, journal, voice):
        self.journal = journal
        self.voice = voice
        self.locks = Locks(journal['nonce'])
        self.locks.take_up(journal['stopped'])

    def save(self, **change):
        self.journal.update(change)
        save(JOURNAL, self.journal)

    def stop_users(self, insists):
        """Nothing that is up holds one of the volumes afterwards. Who is stopped is in the journal first."""
        for _ in range(5):
            found = users(self.journal['app'], volumes_of(self.journal))
            self.locks.take([each for each in found if each['service'] and each['app']], insists)
            known = {each['id'] for each in self.journal['stopped']}
            self.save(stopped=self.journal['stopped'] + [each for each in found if each['id'] not in known])
            if not found:
                return
            for each in found:
                status, answer = insist('POST', f'/containers/{each["id"]}/stop', timeout=3600)
                if status not in (204, 304, 404):
                    raise Failed(f'{each["name"]} could not be stopped: {words(answer)}')
        raise Failed('something on the device starts its services again and again')

    def start_users(self):
        for each in reversed(self.journal['stopped']):
            status, answer = self.started(each['id'])
            if status == 404:
                self.voice.tell(f'warn {each["name"]} is no longer on the device and was not started again')
            elif status not in (204, 304):
                self.voice.tell(f'warn {each["name"]} could not be started again: {words(answer)}')
        self.locks.release()

    def started(self, container):
        """After a crash an engine may need a while until it knows that a container is down."""
        for _ in range(30):
            status, answer = insist('POST', f'/containers/{container}/start')
            if status in (204, 304, 404):
                break
            time.sleep(2)
        return status, answer

    def run(self, insists):
        """From wherever the journal is to the end."""
        steps = {'forward': self.forward, 'back': self.back, 'exchanged': self.settle, 'returned': self.give_up,
                 'halted': self.end_overlay}
        while self.journal['state'] != 'settled':
            steps[self.journal['state']](insists)
        self.voice.result(self.journal['result'])

    def forward(self, insists):
        self.voice.tell('phase exchanging')
        try:
            self.stop_users(insists)
            swap(self.journal, 'new')
            # Whoever came up meanwhile holds the old content.
            self.stop_users(insists)
            self.save(state='exchanged')
        except Refused as refused:
            self.save(state='back', why={'kind': refused.kind, 'names': refused.names})
        except (Failed, OSError) as error:
            self.save(state='back', why={'kind': 'exchange', 'names': [str(error)]})

    def back(self, _):
        if is_begun(self.journal):
            self.stop_users(True)
            swap(self.journal, 'old')
        self.save(state='returned')

    def give_up(self, _):
        self.start_users()
        self.save(state='settled', result={**self.journal['why'], 'ok': False})

    def end_overlay(self, _):
        """Duplicity wrote into the volumes themselves, to the end or not, or had not begun."""
        failed = load(WORK + '/result.json') or {'kind': 'interrupted', 'names': []}
        volumes = volumes_of(self.journal)
        if os.path.exists(WORK + '/ready'):
            sizes = [size_of(f'{VOLUMES}/{engine_name(self.journal["app"], each)}/_data') for each in volumes]
            entries, taken = (sum(column) for column in zip(*sizes))
            self.save(state='exchanged', undo='none', entries=entries, bytes=taken)
        elif os.path.exists(WORK + '/overlaying'):
            self.voice.tell(f'warn the restore into the volumes was cut off: {failed.get("words") or failed["kind"]}')
            self.save(state='returned', why={'kind': 'overlay-interrupted', 'names': volumes})
        else:
            self.save(state='returned', why=failed)

    def settle(self, _):
        self.start_users()
        journal = self.journal
        if journal['kind'] == 'restore' and journal['undo'] is None:
            drop(UNDO)
            available, whole = free()
            self.save(undo='kept' if available >= whole * UNDO_SHARE else 'no-room')
        if journal['kind'] == 'undo':
            save(UNDO + UNDO_BOOK, self.book())
        elif journal['undo'] == 'kept' and os.path.isdir(STAGED):
            save(STAGED + UNDO_BOOK, self.book())
            os.rename(STAGED, UNDO)
        self.save(state='settled', result={'ok': True, 'restored': {
            'kind': journal['kind'],
            'snapshotAt': journal['snapshotAt'],
            'items': [item['label'] for item in journal['items']],
            'entries': journal['entries'],
            'bytes': journal['bytes'],
            'services': sorted({each['service'] or each['name'] for each in journal['stopped']}),
            'undo': journal['undo'],
        }})

    def book(self):
        """What an undo of this exchange needs to know."""
        items = [{
            'volume': item['volume'],
            'path': item['path'],
            'label': item['label'],
            'other': f'{UNDO}/{os.path.basename(item["other"])}',
            'absent': item['old'] is None,
        } for item in self.journal['items']]
        at = time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())
        return {'items': items, 'at': at, 'snapshotAt': self.journal['snapshotAt']}


def words(answer):
    return str((answer or {}).get('message', 'no reason was given'))[:200]
