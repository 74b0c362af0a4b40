import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const PROGRAM = join(__dirname, '..', '..', 'collector', 'collector-serve');
const OWN = 'a'.repeat(32);
const OTHER = 'b'.repeat(62);

interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What collector-serve would do for a command that a device sends; nothing is run. */
function explain(command: string | null, uuid = OWN, more: readonly string[] = []): Answer {
  const env = { PATH: '/usr/bin:/bin', ...(command === null ? {} : { SSH_ORIGINAL_COMMAND: command }) };
  return spawnSync('python3', ['-IB', PROGRAM, '--explain', ...more, uuid], { env, encoding: 'utf8', timeout: 60_000 });
}

describe('rsync as Duplicity sends it', () => {
  const rows = [
    { name: 'list', command: `rsync --server --sender -de.LsfxCIvu . /backups/${OWN}/`, path: './' },
    {
      name: 'get',
      command: `rsync --server --sender -e.. . /backups/${OWN}/duplicity-full.T.manifest.gpg`,
      path: './duplicity-full.T.manifest.gpg',
    },
    {
      name: 'put',
      command: `rsync --server -e.. . /backups/${OWN}/duplicity-full.T.vol1.difftar.gpg`,
      path: './duplicity-full.T.vol1.difftar.gpg',
    },
    { name: 'delete', command: `rsync --server -re.iLsfxCIvu --delete . /backups/${OWN}/`, path: './' },
    { name: 'a URL with two slashes', command: `rsync --server -e.. . //backups//${OWN}/x`, path: './x' },
    { name: 'a URL without an end slash', command: `rsync --server --sender -de. . /backups/${OWN}`, path: './' },
    { name: 'a folder below', command: `rsync --server --sender -de. . /backups/${OWN}/daily/`, path: './daily/' },
    {
      name: 'the folder of all devices, with a file prefix',
      command: `rsync --server -e. . /backups/${OWN}-duplicity-full.T`,
      path: `./${OWN}-duplicity-full.T`,
    },
    { name: 'the folder of all devices itself', command: 'rsync --server --sender -de. . /backups/', path: './' },
    { name: 'no folder at all', command: 'rsync --server --sender -de. . /', path: './' },
    { name: 'another place', command: 'rsync --server --sender -de. . /etc/', path: './etc/' },
  ];

  it.each(rows)('$name stays in the own directory', ({ command, path }) => {
    const answer = explain(command);

    expect(answer).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(answer.stdout)).toMatchObject({
      kind: 'rsync',
      argv: [...command.replace('rsync', '/usr/bin/rsync').split(' ').slice(0, -2), '--munge-links', '.', path],
    });
  });
});

describe('sftp', () => {
  it('gets a server without links', () => {
    const answer: unknown = JSON.parse(explain('/usr/lib/openssh/sftp-server').stdout);

    expect(answer).toMatchObject({
      kind: 'sftp',
      argv: ['/usr/lib/openssh/sftp-server', '-e', '-l', 'INFO', '-u', '0077', '-p', expect.not.stringMatching(/link/)],
      writes: 'anything',
    });
  });
});

describe('a certificate for reading only', () => {
  const reading = (command: string): Answer => explain(command, OWN, ['--read-only']);

  it('gets servers that write nothing', () => {
    const sftp = JSON.parse(reading('/usr/lib/openssh/sftp-server').stdout) as { readonly argv: readonly string[] };
    expect(sftp).toMatchObject({ writes: 'nothing' });
    expect(sftp.argv).toContain('-R');
    expect(JSON.parse(reading(`rsync --server --sender -de. . /backups/${OWN}/`).stdout)).toMatchObject({
      argv: ['/usr/bin/rsync', '--server', '--sender', '-de.', '--munge-links', '.', './'],
      directory: '',
      writes: 'nothing',
    });
  });

  it('sends nothing over rsync', () => {
    expect(reading(`rsync --server -e. . /backups/${OWN}/x`).stderr).toContain('for reading only');
    expect(reading(`rsync --server -re. --delete . /backups/${OWN}/`).stderr).toContain('for reading only');
  });
});

describe('what is refused', () => {
  const rows = [
    { name: 'no command', command: null, reason: 'there is no shell here' },
    { name: 'a shell command', command: 'id', reason: 'only rsync and sftp are served' },
    { name: 'the old scp', command: `scp -t /backups/${OWN}/x`, reason: 'use an sftp:// URL' },
    { name: 'another forced command', command: `collector-serve ${OTHER}`, reason: 'only rsync and sftp' },
    {
      name: 'the directory of another device',
      command: `rsync --server --sender -e. . /backups/${OTHER}/`,
      reason: 'the directory of another device',
    },
    {
      name: 'the way up',
      command: `rsync --server --sender -e. . /backups/${OWN}/../${OTHER}/`,
      reason: 'a path with ".."',
    },
    { name: 'a daemon', command: 'rsync --server --daemon .', reason: 'only "rsync --server OPTIONS . PATH"' },
    {
      name: 'two paths',
      command: 'rsync --server --sender -e. . /a /b',
      reason: 'only "rsync --server OPTIONS . PATH"',
    },
    ...[
      '--backup-dir=/etc',
      '--temp-dir=/tmp',
      '--partial-dir=/x',
      '--log-file=/backups/log',
      '--files-from=/etc/passwd',
      '--link-dest=/backups',
      '--copy-dest=..',
      '--compare-dest=/',
      '--only-write-batch=/x',
      '--write-devices',
      '--copy-devices',
      '--super',
      '--fake-super',
      '--usermap=*:0',
      '--no-munge-links',
      '--remove-source-files',
      '--mkpath',
      '--config=/x',
      '--rsh=sh',
      '-se.LsfxCIvu',
      '-Le.LsfxCIvu',
      '-ke.LsfxCIvu',
      '-T/tmp',
      '-',
      '--',
    ].map((option) => ({
      name: `the option ${option}`,
      command: `rsync --server -e. ${option} . /x`,
      reason: /^[\w=,./-]+$/.test(option) ? `the option ${option} of rsync is not served` : 'not served',
    })),
    { name: 'a client', command: 'rsync -a . /x', reason: 'only "rsync --server' },
    { name: 'a second command', command: 'rsync --server -e. . /x;id', reason: 'characters that are not served' },
    { name: 'a substitution', command: 'rsync --server -e. . /$(id)', reason: 'characters that are not served' },
    { name: 'a second line', command: 'rsync --server -e. . /x\nid', reason: 'characters that are not served' },
    { name: 'sftp-server with options', command: '/usr/lib/openssh/sftp-server -d /', reason: 'only rsync and sftp' },
  ];

  it.each(rows)('$name', ({ command, reason }) => {
    const answer = explain(command);

    expect(answer.status).toBe(1);
    expect(answer.stdout).toBe('');
    expect(answer.stderr).toContain('collector: refused: ');
    expect(answer.stderr).toContain(reason);
  });

  it.each(['', '../x', 'A'.repeat(32), 'a'.repeat(31), `${OWN}/`, `${OWN}\n`])('%j as a UUID', (uuid) => {
    const answer = explain('id', uuid);

    expect(answer.status).toBe(2);
    expect(answer.stderr).toContain('usage: collector-serve [--read-only] UUID');
  });
});
