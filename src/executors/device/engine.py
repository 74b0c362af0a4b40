"""What a restore has to do with the device's engine and the supervisor. Goes behind disk.py."""

import fcntl
import http.client
import socket
import sys
import time

SOCKET = '/engine/engine.sock'
LOCKS = '/supervisor/services'
# A file with this uid is the supervisor's own lock, which it takes for a moment.
SUPERVISOR = 65534
UP = ('running', 'paused', 'restarting')


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


def ask(method, path, body=None, timeout=60):
    """The engine's answer: status, and what it says."""
    connection = Connection('engine', timeout=timeout)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {'Content-Type': 'application/json'})
        answer = connection.getresponse()
        said = answer.read()
        try:
            return answer.status, json.loads(said) if said else None
        except ValueError:
            return answer.status, None
    finally:
        connection.close()


def insist(method, path, body=None, timeout=60):
    """As `ask`, until the engine answers. One that restarts ends this container, which then starts anew."""
    while True:
        try:
            return ask(method, path, body, timeout)
        except (OSError, http.client.HTTPException):
            time.sleep(1)


def engine_name(app, volume):
    return f'{app}_{volume}'


def containers():
    """Every container but our own: id, name, whether it is up, its service's name or None, and its volumes."""
    _, rows = insist('GET', '/containers/json?all=1')
    found = []
    for row in rows or []:
        labels = row.get('Labels') or {}
        if 'balena-backup.nonce' in labels:
            continue
        service = labels.get('io.balena.service-name') or labels.get('io.resin.service-name')
        found.append({
            'id': row['Id'],
            'name': (row.get('Names') or ['/?'])[0].lstrip('/'),
            'up': row.get('State') in UP,
            'service': service,
            'app': labels.get('io.balena.app-id') or labels.get('io.resin.app-id'),
            'volumes': [mount['Name'] for mount in row.get('Mounts') or [] if mount.get('Name')],
        })
    return found


def users(app, volumes):
    """The containers that are up and hold one of these volumes."""
    names = {engine_name(app, volume) for volume in volumes}
    return [each for each in containers() if each['up'] and names & set(each['volumes'])]


def create_volume(app, volume):
    """As the supervisor would, so that it takes the volume for its own."""
    labels = {'io.balena.supervised': 'true'}
    _, answer = insist('GET', '/volumes')
    for each in (answer or {}).get('Volumes') or []:
        uuid = (each.get('Labels') or {}).get('io.balena.app-uuid')
        if uuid and each['Name'].startswith(f'{app}_'):
            labels['io.balena.app-uuid'] = uuid
    status, _ = insist('POST', '/volumes/create', {'Name': engine_name(app, volume), 'Labels': labels})
    if status != 201:
        raise Refused('volume-not-made', [volume])


def lock_files(each):
    folder = f'{LOCKS}/{each["app"]}/{each["service"]}'
    return folder, [f'{folder}/updates.lock', f'{folder}/resin-updates.lock']


def is_locked(each):
    """Whether the service asks not to be stopped now."""
    _, paths = lock_files(each)
    return any(os.path.exists(path) and os.stat(path).st_uid != SUPERVISOR for path in paths)


class Locks:
    """The update locks of services, which keep the supervisor from starting, stopping or replacing them meanwhile."""

    def __init__(self, nonce):
        self.mark = f'balena-backup {nonce}\n'
        self.held = {}

    def take(self, services, insists):
        """Raises Refused when a service holds its lock itself; with `insists` that is put up with."""
        for each in services:
            folder, paths = lock_files(each)
            os.makedirs(folder, exist_ok=True)
            for path in paths:
                if path not in self.held and not self.taken(path) and not insists:
                    raise Refused('locked', [each['service']])

    def taken(self, path):
        for _ in range(30):
            try:
                fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
                os.write(fd, self.mark.encode())
            except FileExistsError:
                fd = self.own(path)
            if fd is not None:
                self.held[path] = fd
                try:
                    # What restarts the host looks for this kind of lock.
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass
                return True
            if os.path.exists(path) and os.stat(path).st_uid != SUPERVISOR:
                return False
            time.sleep(1)
        return False

    def take_up(self, services):
        """Those that an earlier life of this run has taken."""
        for each in services:
            for path in lock_files(each)[1]:
                fd = self.own(path)
                if fd is not None:
                    self.held[path] = fd

    def own(self, path):
        """The lock of an earlier life of this very run."""
        try:
            with open(path, encoding='utf-8', errors='replace') as file:
                return os.open(path, os.O_RDWR) if file.read() == self.mark else None
        except OSError:
            return None

    def release(self):
        for path, fd in self.held.items():
            try:
                os.unlink(path)
            except FileNotFoundError:
                pass
            os.close(fd)
        self.held = {}


class Voice:
    """Lines of the run, numbered after all that an earlier life can have said."""

    def __init__(self, nonce):
        self.nonce = nonce
        path = WORK + '/lives'
        lives = (load(path) or 0) + 1
        save(path, lives)
        self.number = lives * 10_000_000

    def tell(self, text):
        self.number += 1
        flat = ''.join(each if each.isprintable() else ' ' for each in text)
        sys.stdout.write(f'{self.nonce} {self.number} c {flat}\n')
        sys.stdout.flush()

    def result(self, value):
        self.tell('result ' + json.dumps(value))
