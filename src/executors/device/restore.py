"""What a restore does once Duplicity is done, or once its container is started again. Goes behind exchange.py and listing.py."""


def may_begin(nonce):
    """Whether the exchange may begin: a person may have ended the run just now, and never can afterwards."""
    path = f'{STAGING}/decided-{nonce}'
    try:
        with open(path, 'x', encoding='utf-8') as file:
            file.write('exchange\n')
        return True
    except FileExistsError:
        with open(path, encoding='utf-8') as file:
            return file.read() == 'exchange\n'


def completed(order):
    """The order with where the content is: what was staged, or for an undo all that the undo copy says."""
    if order['kind'] != 'undo':
        return {**order, 'items': [{**item, 'other': f'{STAGED}/{n}'} for n, item in enumerate(order['items'])]}
    book = load(UNDO + UNDO_BOOK)
    if book is None:
        raise Refused('undo-none')
    return {**order, 'items': book['items'], 'snapshotAt': book['snapshotAt'], 'undo': 'kept'}


def journal_of(order):
    """The journal of an exchange that has not begun, with everything that it needs in place."""
    if not may_begin(order['nonce']):
        raise Refused('cancelled')
    order = completed(order)
    make_volumes(order)
    items = [identified(order, item) for item in order['items']]
    sizes = [size_of(item['other']) for item in items if item['new'] is not None]
    return {
        'undo': None,
        **order,
        'items': items,
        'state': 'forward',
        'stopped': [],
        'entries': sum(entries for entries, _ in sizes),
        'bytes': sum(taken for _, taken in sizes),
    }


def begin(order, voice):
    """The exchange for the order in the working folder, or what keeps it from beginning."""
    exchange = None
    try:
        journal = journal_of(order)
        # What was restored is on the disk before anything depends on it.
        flush()
        exchange = Exchange(journal, voice)
        found = users(journal['app'], volumes_of(journal))
        exchange.locks.take([each for each in found if each['service'] and each['app']], False)
        exchange.save()
    except Refused as refused:
        give_way(exchange, voice, {'kind': refused.kind, 'names': refused.names})
        return
    except OSError as error:
        give_way(exchange, voice, {'kind': 'exchange', 'names': [str(error)]})
        return
    exchange.run(insists=False)


def give_way(exchange, voice, why):
    """Nothing was stopped yet."""
    if exchange is not None:
        exchange.locks.release()
    voice.result({'ok': False, **why})


def halt():
    """Stops what uses the volumes, for as long as Duplicity writes into them. False, with the reason noted, where it may not."""
    order = load(WORK + '/order.json')
    exchange = None
    try:
        if not may_begin(order['nonce']):
            raise Refused('cancelled')
        make_volumes(order)
        exchange = Exchange({**order, 'state': 'halted', 'stopped': [], 'entries': 0, 'bytes': 0}, Voice(order['nonce']))
        found = users(order['app'], volumes_of(order))
        exchange.locks.take([each for each in found if each['service'] and each['app']], False)
        exchange.save()
        exchange.stop_users(False)
        return True
    except Refused as refused:
        if exchange is not None:
            exchange.locks.release()
        save(WORK + '/result.json', {'ok': False, 'kind': refused.kind, 'names': refused.names})
    except Failed as failed:
        save(WORK + '/result.json', {'ok': False, 'kind': 'exchange', 'names': [str(failed)]})
    return False


def abandon():
    """
    Puts in order what a run left whose container was removed, nobody knows how long ago: nothing more is exchanged, since
    what is there may be newer by now; what was exchanged stays, with its undo copy; and what was stopped is started.
    """
    journal = load(JOURNAL)
    if journal is not None:
        if journal['state'] in ('forward', 'back'):
            done = exchanged_items(journal)
            for item in journal['items']:
                if item not in done and journal['kind'] == 'restore':
                    drop(item['other'])
            interrupted = {'kind': 'interrupted', 'names': []}
            journal.update({'state': 'exchanged', 'items': done} if done else {'state': 'returned', 'why': interrupted})
        Exchange(journal, Voice(journal['nonce'])).run(insists=True)
    clear()


def go_on():
    """Does what is left to do of a run, and leaves nothing of it but the undo copy and what the log says."""
    order, journal, ended = (load(f'{WORK}/{name}.json') for name in ('order', 'journal', 'result'))
    known = journal or order
    if known is not None:
        voice = Voice(known['nonce'])
        if journal is not None:
            Exchange(journal, voice).run(insists=True)
        elif ended is not None:
            voice.result(ended)
        elif os.path.exists(WORK + '/ready'):
            begin(order, voice)
        else:
            voice.result({'ok': False, 'kind': 'interrupted', 'names': []})
    clear()


def guard(policy):
    """
    Whether the engine starts this container again: `always` while there is something to bring to an end, since after a power
    cut it may show the exit code 0 for what it has lost sight of; `no` then.
    """
    insist('POST', '/containers/balena-backup-run/update', {'RestartPolicy': {'Name': policy}})


def clear():
    """Nothing of the run is left but the undo copy and what the log says."""
    # A next life may find any beginning of this list gone, and says nothing else than this one did.
    known = ['order.json', 'result.json', 'journal.json']
    programs = [name for name in os.listdir(WORK) if name.endswith('.py')]
    for name in os.listdir(WORK):
        if name not in known + programs:
            drop(f'{WORK}/{name}')
    for name in os.listdir(STAGING):
        if name.startswith('decided-'):
            drop(f'{STAGING}/{name}')
    for name in known:
        drop(f'{WORK}/{name}')
    guard('no')
    for name in programs:
        drop(f'{WORK}/{name}')
    drop(WORK)


if __name__ == '__main__':
    if sys.argv[1:2] == ['count']:
        print(count(*sys.argv[2:4]))
    elif sys.argv[1:2] == ['guard']:
        guard('always')
    elif sys.argv[1:2] == ['abandon']:
        abandon()
    elif sys.argv[1:2] == ['halt']:
        sys.exit(0 if halt() else 1)
    elif sys.argv[1:2] == ['entries']:
        print(size_of(sys.argv[2])[0] if os.path.lexists(sys.argv[2]) else 0)
    else:
        go_on()
