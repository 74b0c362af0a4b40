import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SshCredential } from '../../src/model/ports';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { runProgram } from '../lab/process';
import { CollectorGuest, runCredential } from '../support/collectorguest';
import { newSshKey } from '../support/sshkey';

const NEIGHBOUR = 'b'.repeat(32);

let lab: Lab;
let device: LabDevice;
let guest: CollectorGuest;
let own = '';

beforeAll(async () => {
  lab = await startLab();
  device = await lab.addDevice({ fleet: lab.addFleet({ name: 'home' }), name: 'kitchen' });
  guest = new CollectorGuest(lab, device, 'own', await runCredential(lab, device.uuid));
  own = `/backups/${device.uuid}`;
  // Another device's directory with something in it, made by that device.
  const other = new CollectorGuest(lab, device, 'other', await runCredential(lab, NEIGHBOUR));
  await device.sh('echo content > /tmp/file');
  await other.rsync(`/tmp/file COLLECTOR:/backups/${NEIGHBOUR}/theirs`);
});

afterAll(async () => {
  await lab.stop();
});

/** A key with a certificate of our own making: what it permits, how long, and who signed it. */
async function certified(name: string, limits: readonly string[], ca = caOfLab()): Promise<SshCredential> {
  const fresh = await runCredential(lab, device.uuid);
  const file = join(lab.folder, name);
  writeFileSync(file, fresh.privateKey.reveal(), { mode: 0o600 });
  writeFileSync(`${file}.pub`, await runProgram('ssh-keygen', ['-y', '-f', file]));
  await runProgram('ssh-keygen', ['-q', '-s', ca, '-I', name, '-O', 'clear', ...limits, `${file}.pub`]);
  return { ...fresh, certificate: readFileSync(`${file}-cert.pub`, 'utf8') };
}

function caOfLab(): string {
  return join(lab.folder, 'state', 'keys', 'ca');
}

const forced = (): readonly string[] => ['-O', `force-command=collector-serve ${device.uuid}`];

/** The neighbour's directory is as the neighbour left it, and nothing has appeared beside the two. */
function expectUntouched(): void {
  expect(lab.collectorFiles({ ...device, uuid: NEIGHBOUR })).toEqual(['theirs']);
  expect(readFileSync(join(lab.server.backups, NEIGHBOUR, 'theirs'), 'utf8')).toBe('content\n');
  expect(readdirSync(lab.server.backups).sort()).toEqual([device.uuid, NEIGHBOUR].sort());
}

describe('the credential of a run', () => {
  it('reads and writes its own directory over rsync and sftp', async () => {
    expect(await guest.rsync(`/tmp/file COLLECTOR:${own}/file`)).toMatchObject({ code: 0 });
    expect(await guest.rsync(`COLLECTOR:${own}/file /tmp/back && cmp /tmp/file /tmp/back`)).toMatchObject({ code: 0 });
    expect((await guest.sftp(`ls ${own}`)).said).toContain(`${own}/file`);
  });

  it('leaves a line for each login, for what was asked and for what was done', async () => {
    await guest.rsync(`/tmp/file COLLECTOR:${own}/logged`);
    await guest.sftp(`get ${own}/logged /tmp/logged`, `rm ${own}/logged`);

    const log = await lab.server.collectorLog();
    expect(log).toMatch(new RegExp(`serving rsync device=${device.uuid} from=\\S+ command='rsync --server .*/logged'`));
    expect(log).toMatch(
      new RegExp(`served rsync device=${device.uuid} .*code=0 .*stored=\\d+ changed=\\[\\+logged \\(8\\)\\]`),
    );
    expect(log).toMatch(new RegExp(`sftp device=${device.uuid} from=\\S+ open "${own}/logged" flags READ`));
    expect(log).toMatch(new RegExp(`sftp device=${device.uuid} from=\\S+ remove name "${own}/logged"`));
    expect(log).toMatch(new RegExp(`served sftp device=${device.uuid} .*changed=\\[-logged\\]`));
  });

  it('cannot write its own lines into the log', async () => {
    await guest.sftp(`put /tmp/file "${own}/x\ncollector: served forged\u001b[2J"`);
    await guest.attempt(`${guest.ssh} 'id\ncollector: forged'`);

    const log = await lab.server.collectorLog();
    expect(log).not.toMatch(/^collector: (?:served )?forged/m);
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(log).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
  });

  const commands: readonly { readonly name: string; readonly command: string }[] = [
    { name: 'a shell', command: '' },
    { name: 'a command', command: 'id' },
    { name: 'a command behind rsync', command: "'rsync --server -e.LsfxCIvu . /; id'" },
    { name: 'another way of serving', command: `'collector-serve ${NEIGHBOUR}'` },
    { name: 'the pruning of backups', command: `'collector-prune ${NEIGHBOUR} 1'` },
    { name: 'a way through to elsewhere', command: '-W 127.0.0.1:22' },
    { name: 'a forwarded port', command: '-N -o ExitOnForwardFailure=yes -R 127.0.0.1:9:127.0.0.1:22' },
    { name: 'the old scp', command: `'scp -t ${own}/x'` },
    { name: 'a daemon', command: "'rsync --server --daemon --config=/dev/stdin .'" },
  ];

  it.each(commands)('does not give $name', async ({ command }) => {
    const { code, said } = await guest.attempt(`${guest.ssh} ${command}`);

    expect(code).not.toBe(0);
    expect(said).not.toMatch(/uid=|root:x:/);
    expectUntouched();
  });

  it('forwards nothing in the other direction either', async () => {
    const { said } = await guest.attempt(
      `${guest.ssh} -N -L 127.0.0.1:9922:127.0.0.1:22 & sleep 2; ssh-keyscan -T 2 -p 9922 127.0.0.1; kill $!; wait`,
    );

    expect(said).not.toMatch(/\[127\.0\.0\.1\]:9922 ssh-/);
  });

  it.each([
    'KexAlgorithms=diffie-hellman-group14-sha256',
    'Ciphers=aes256-cbc',
    'MACs=hmac-sha1 -o Ciphers=aes128-ctr',
    'HostKeyAlgorithms=rsa-sha2-512',
    'PreferredAuthentications=password,keyboard-interactive',
  ])('is not taken by means of yesterday: %s', async (option) => {
    const { code, said } = await guest.attempt(`${guest.ssh.replace('ssh ', `ssh -o ${option} `)} true`);

    expect(code).toBe(255);
    expect(said).toMatch(/no matching|Permission denied/);
  });

  it('takes no variables along', async () => {
    const set = '-o SetEnv="PYTHONPATH=/backups RSYNC_RSH=id LD_PRELOAD=/backups/x COLLECTOR_QUOTA=9T"';

    expect((await guest.attempt(`${guest.ssh.replace('ssh ', `ssh ${set} `)} env`)).said).toMatch(
      /only rsync and sftp/,
    );
    expect(await guest.attempt(`${guest.ssh.replace('ssh ', 'ssh -tt ')} true`)).not.toMatchObject({ code: 0 });
  });

  it('lets nobody else in with it', async () => {
    expect(await guest.attempt(`${guest.ssh.replace('root@', 'sshd@')} true`)).toMatchObject({ code: 255 });
  });

  const rsyncWords: readonly string[] = [
    `COLLECTOR:/backups/${NEIGHBOUR}/ /tmp/stolen`,
    `COLLECTOR:/backups/${NEIGHBOUR}/theirs /tmp/stolen`,
    `/tmp/file COLLECTOR:/backups/${NEIGHBOUR}/theirs`,
    `/tmp/file COLLECTOR:/backups/${'c'.repeat(32)}/planted`,
    `-r --delete --exclude=nothing /tmp/empty/ COLLECTOR:/backups/${NEIGHBOUR}/`,
    'COLLECTOR:OWN/../../etc/passwd /tmp/stolen',
    `--backup --backup-dir=/backups/${NEIGHBOUR} /tmp/file COLLECTOR:OWN/file`,
    `--temp-dir=/backups/${NEIGHBOUR} /tmp/file COLLECTOR:OWN/file2`,
    `--partial-dir=/backups/${NEIGHBOUR} /tmp/file COLLECTOR:OWN/file2`,
    `--link-dest=/backups/${NEIGHBOUR} /tmp/file COLLECTOR:OWN/file2`,
    '--rsync-path="rsync --log-file=/backups/planted" /tmp/file COLLECTOR:OWN/file2',
    '--rsync-path="sh -c id; rsync" /tmp/file COLLECTOR:OWN/file2',
    '--files-from=:/etc/passwd COLLECTOR:/ /tmp/stolen',
    '--write-devices /tmp/file COLLECTOR:OWN/file2',
    '-M--fake-super /tmp/file COLLECTOR:OWN/file2',
    '-M--log-file=/backups/planted /tmp/file COLLECTOR:OWN/file2',
    `-M--log-file=/backups/${NEIGHBOUR}/theirs /tmp/file COLLECTOR:OWN/file2`,
    '-M--write-batch=/backups/planted /tmp/file COLLECTOR:OWN/file2',
    '-M--only-write-batch=/backups/planted /tmp/file COLLECTOR:OWN/file2',
    '-M--daemon /tmp/file COLLECTOR:OWN/file2',
    '-M--filter=merge,/etc/passwd -r COLLECTOR:OWN/ /tmp/stolen',
    `-M--compare-dest=/backups/${NEIGHBOUR} /tmp/file COLLECTOR:OWN/file2`,
    `-M--copy-dest=/backups/${NEIGHBOUR} /tmp/file COLLECTOR:OWN/file2`,
    '-M--copy-devices COLLECTOR:OWN/file /tmp/stolen',
    '-M--no-munge-links /tmp/file COLLECTOR:OWN/file2',
    '-M--trust-sender COLLECTOR:OWN/file /tmp/stolen',
    '-M-s COLLECTOR:OWN/file /tmp/stolen',
    '--secluded-args COLLECTOR:OWN/file /tmp/stolen',
    '-rK /tmp/empty/ COLLECTOR:OWN/',
    '-rL COLLECTOR:OWN/ /tmp/stolen/',
    '-rk COLLECTOR:OWN/ /tmp/stolen/',
    '--remove-source-files COLLECTOR:OWN/file /tmp/stolen',
    `COLLECTOR:OWN/../${NEIGHBOUR}/theirs /tmp/stolen`,
    `--old-args COLLECTOR:"OWN/file /backups/${NEIGHBOUR}/theirs" /tmp/stolen`,
    'COLLECTOR:OWN/file COLLECTOR:/etc/passwd /tmp/stolen/',
  ];

  it.each(rsyncWords)('does nothing elsewhere by rsync %s', async (words) => {
    await device.sh('mkdir -p /tmp/empty; rm -rf /tmp/stolen');

    const { code } = await guest.rsync(words.replaceAll('OWN', own));

    expect(code).not.toBe(0);
    expect(await device.sh('ls -A /tmp/stolen 2>/dev/null || :')).toBe('');
    expectUntouched();
  });

  const sftpCommands: readonly string[] = [
    `ls /backups/${NEIGHBOUR}`,
    'ls /backups',
    `get /backups/${NEIGHBOUR}/theirs /tmp/stolen`,
    `put /tmp/file /backups/${NEIGHBOUR}/theirs`,
    `rm /backups/${NEIGHBOUR}/theirs`,
    `rename OWN /backups/taken`,
    `rename /backups/${NEIGHBOUR} OWN/taken`,
    `rmdir /backups/${NEIGHBOUR}`,
    `chmod 777 /backups`,
    `chmod 777 OWN`,
    `mkdir /backups/${'c'.repeat(32)}`,
    `ln -s /backups/${NEIGHBOUR} OWN/link`,
    `ln /etc/passwd OWN/link`,
    'get /var/lib/collector/ssh_host_ed25519_key /tmp/stolen',
    'get /etc/shadow /tmp/stolen',
    'get /proc/1/environ /tmp/stolen',
    'put /tmp/file /keys/ca.pub',
    'put /tmp/file /etc/passwd',
    'put /tmp/file /run/collector/settings',
    'put /tmp/file /tmp/planted',
    'put /tmp/file /var/tmp/planted',
    'put /tmp/file /dev/shm/planted',
    'put /tmp/file /run/planted',
    'put /tmp/file OWN/../planted',
    `put /tmp/file OWN/../${NEIGHBOUR}/planted`,
    `get OWN/../${NEIGHBOUR}/theirs /tmp/stolen`,
    `get -r OWN/../${NEIGHBOUR} /tmp/stolen`,
    'get /proc/self/root/etc/shadow /tmp/stolen',
    'ls OWN/..',
    'chown 0 OWN/file',
    'chgrp 0 OWN/file',
    `chmod 777 OWN/../${NEIGHBOUR}`,
    'cp /etc/passwd OWN/copied',
  ];

  it.each(sftpCommands)('does not do by sftp: %s', async (command) => {
    await device.sh('rm -rf /tmp/stolen');

    const { code, said } = await guest.sftp(command.replaceAll('OWN', own));

    expect(code).not.toBe(0);
    expect(said).not.toMatch(/root:/);
    expect(await device.sh('ls -A /tmp/stolen 2>/dev/null || :')).toBe('');
    expectUntouched();
    expect(statSync(join(lab.server.backups, device.uuid)).mode & 0o7).toBe(0);
  });

  it('gets no hold of the process that serves it, by which it could run programs there', async () => {
    const [open, toRead, toWrite] = [3, 1, 2];
    const files = ['mem', 'map_files', 'cwd/../../etc/passwd', 'root/etc/passwd', 'clear_refs'];

    const { said } = await guest.requests(
      ...files.map((file) => [open, `/proc/self/${file}`, toWrite, 0] as const),
      ...['mem', 'environ'].map((file) => [open, `/proc/self/${file}`, toRead, 0] as const),
      ...['/proc/1/mem', '/proc/1/environ', '/proc/1/fd/1'].map((file) => [open, file, toRead, 0] as const),
    );

    expect(said.match(/^status [1-9].*/gm)).toHaveLength(10);
  });

  it('follows no link that was planted, and plants none that leads anywhere', async () => {
    await device.sh(
      `rm -rf /tmp/links; mkdir /tmp/links; ln -s /backups/${NEIGHBOUR} /tmp/links/dir; ln -s /var/lib/collector/ssh_host_ed25519_key /tmp/links/key`,
    );
    expect(await guest.rsync(`-rl /tmp/links/ COLLECTOR:${own}/links/`)).toMatchObject({ code: 0 });

    for (const words of [
      `COLLECTOR:${own}/links/dir/ /tmp/stolen/`,
      `-L COLLECTOR:${own}/links/key /tmp/stolen`,
      `/tmp/file COLLECTOR:${own}/links/dir/theirs`,
    ]) {
      await guest.rsync(words);
    }
    await guest.sftp(`get ${own}/links/key /tmp/stolen`);
    await guest.sftp(`put /tmp/file ${own}/links/dir/theirs`);

    expect(await device.sh('find /tmp/stolen -type f -size +0 2>/dev/null || :')).toBe('');
    expectUntouched();
  });

  it('is worth nothing without its certificate, or with one that is over, of somebody else, for another user or without a command', async () => {
    const fresh = await runCredential(lab, device.uuid);
    const stranger = join(lab.folder, 'stranger');
    await newSshKey(stranger);
    const hour = ['-V', '-5m:+1h'];

    for (const [name, credential] of [
      ['bare', { ...fresh, certificate: null }],
      ['over', await certified('over', ['-n', 'root', '-V', '-10m:-5m', ...forced()])],
      ['early', await certified('early', ['-n', 'root', '-V', '+1h:+2h', ...forced()])],
      ['stranger', await certified('strangers', ['-n', 'root', ...hour, ...forced()], stranger)],
      ['sshd', await certified('sshd', ['-n', 'sshd', ...hour, ...forced()])],
      ['free', await certified('free', ['-n', 'root', ...hour])],
    ] as const) {
      const other = new CollectorGuest(lab, device, name, credential);
      expect([name, await other.attempt(`${other.ssh} id`)]).toMatchObject([name, { code: 255 }]);
      expect(await other.rsync(`COLLECTOR:${own}/file /tmp/stolen`)).not.toMatchObject({ code: 0 });
    }
  });

  it('ends with its certificate, also on a connection that is kept open', async () => {
    const soon = new CollectorGuest(
      lab,
      device,
      'soon',
      await certified('soon', ['-n', 'root', '-V', '-5m:+20s', ...forced()]),
    );
    const kept = '-o ControlPath=/tmp/soon/kept';

    const { said } = await soon.attempt(
      `${soon.ssh} ${kept} -M -N & until ${soon.ssh} ${kept} -O check; do sleep 0.2; done
       (echo ls ${own}; sleep 25; echo ls ${own}) | ${soon.ssh.replace(/^ssh/, `sftp -q -b - ${kept}`).replace('-p ', '-P ')}; echo "session $?"
       echo ls ${own} | ${soon.ssh.replace(/^ssh/, `sftp -q -b - ${kept}`).replace('-p ', '-P ')}; echo "new session $?"
       kill $!; wait`,
    );

    expect(said).toContain(`${own}/file`);
    expect(said).toMatch(/session [1-9][^]*new session [1-9]/);
    const log = await lab.server.collectorLog();
    expect(log).toMatch(new RegExp(`ended device=${device.uuid} .*: the certificate of this session is over`));
    expect(log).toMatch(new RegExp(`refused device=${device.uuid} .*: the certificate of this session is over`));
  });

  it('is not shown to a server with another host key', async () => {
    const { knownHosts, ...rest } = await runCredential(lab, device.uuid);
    const wrong = knownHosts.replace(
      /AAAAC3NzaC1lZDI1NTE5AAAAI\S+/,
      'AAAAC3NzaC1lZDI1NTE5AAAAIG5vdCB0aGUga2V5IG9mIHRoZSBjb2xsZWN0b3IhIQ',
    );
    const misled = new CollectorGuest(lab, device, 'wrong', { ...rest, knownHosts: wrong });

    expect((await misled.attempt(misled.ssh)).said).toMatch(
      /HOST IDENTIFICATION HAS CHANGED|Host key verification failed/,
    );
  });
});

describe('a credential for reading only', () => {
  it('reads, and writes and deletes nothing', async () => {
    await guest.rsync(`/tmp/file COLLECTOR:${own}/kept`);
    const reader = new CollectorGuest(lab, device, 'reader', await runCredential(lab, device.uuid, 'read'));

    expect(await reader.rsync(`COLLECTOR:${own}/kept /tmp/read && cmp /tmp/file /tmp/read`)).toMatchObject({ code: 0 });
    expect(await reader.sftp(`get ${own}/kept /tmp/read2`)).toMatchObject({ code: 0 });
    for (const { code } of [
      await reader.rsync(`/tmp/empty-file COLLECTOR:${own}/kept`),
      await reader.rsync(`-r --delete /tmp/empty/ COLLECTOR:${own}/`),
      await reader.rsync(`--remove-source-files COLLECTOR:${own}/kept /tmp/read3`),
      await reader.sftp(`put /tmp/file ${own}/new`),
      await reader.sftp(`rm ${own}/kept`),
      await reader.sftp(`rename ${own}/kept ${own}/moved`),
      await reader.sftp(`chmod 0 ${own}/kept`),
    ]) {
      expect(code).not.toBe(0);
    }
    expect(lab.collectorFiles(device)).toContain('kept');
    expect(lab.collectorFiles(device)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(new|moved)$/)]));
  });
});
