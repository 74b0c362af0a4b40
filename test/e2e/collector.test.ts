import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import { openKeys } from '../../src/keys/keys';
import { runIdOf, actionIdOf } from '../../src/model/action';
import { deviceUuidOf, instantOf } from '../../src/model/brand';
import type { SshCredential } from '../../src/model/ports';
import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { runProgram } from '../lab/process';
import { aTarget } from '../support/desired';
import { settingsOf } from '../support/settings';

let lab: Lab;
let device: LabDevice;
const neighbour = 'b'.repeat(32);
let ssh = '';

beforeAll(async () => {
  lab = await startLab();
  device = await lab.addDevice({ fleet: lab.addFleet({ name: 'home' }), name: 'kitchen' });
  ssh = place('own', await credential(12 * 3_600_000));
  // Another device's directory, as its own first login would make it.
  await device.sh(
    `${place('other', await credential(3_600_000, neighbour))} 'rsync --server -e.LsfxCIvu . /' </dev/null || :`,
  );
});

afterAll(async () => {
  await lab.stop();
});

/** What a run of the device gets for the collector. */
async function credential(runTimeoutMs: number, uuid = device.uuid): Promise<SshCredential> {
  const { host, port } = lab.server.collector;
  const settings = settingsOf({ stateDir: join(lab.folder, 'state'), keysDir: lab.server.keys, runTimeoutMs });
  const who = deviceUuidOf(uuid);
  const runId = runIdOf(actionIdOf(who, 'backup', { kind: 'manual', at: instantOf(0) }), 1);
  const made = await openKeys(settings).credentialFor(aTarget({ host, port }), who, runId);
  if (isLeft(made)) throw new Error(JSON.stringify(made.left));
  return made.right;
}

/** The same key with a certificate that was good until five minutes ago. */
async function expired(): Promise<SshCredential> {
  const fresh = await credential(3_600_000);
  const file = join(lab.folder, 'expired');
  writeFileSync(file, fresh.privateKey.reveal(), { mode: 0o600 });
  writeFileSync(`${file}.pub`, await runProgram('ssh-keygen', ['-y', '-f', file]));
  const limits = ['-n', 'root', '-V', '-10m:-5m', '-O', 'clear', '-O', `force-command=collector-serve ${device.uuid}`];
  const ca = join(lab.folder, 'state', 'keys', 'ca');
  await runProgram('ssh-keygen', ['-q', '-s', ca, '-I', 'expired', ...limits, `${file}.pub`]);
  return { ...fresh, certificate: readFileSync(`${file}-cert.pub`, 'utf8') };
}

/** Puts the credential on the device, and gives the ssh call that uses it there. */
function place(name: string, { privateKey, certificate, knownHosts }: SshCredential, user = 'root'): string {
  const folder = join(device.folder, 'tmp', name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'key'), privateKey.reveal(), { mode: 0o600 });
  writeFileSync(join(folder, 'key-cert.pub'), certificate ?? '');
  writeFileSync(join(folder, 'known_hosts'), knownHosts);
  const { host, port } = lab.server.collector;
  const options = `-o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/tmp/${name}/known_hosts`;
  return `ssh -F /dev/null -i /tmp/${name}/key -o IdentitiesOnly=yes ${options} -p ${String(port)} ${user}@${host}`;
}

/** The exit code of a script on the device, with all that it said. */
async function attempt(script: string): Promise<{ readonly code: number; readonly said: string }> {
  const output = await device.sh(
    `(timeout 30 sh -c ${quoted(script)}) 2>&1 </dev/null && echo code 0 || echo "code $?"`,
  );
  const code = /code (\d+)\s*$/.exec(output)?.[1];
  return { code: Number(code), said: output };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** rsync over the device's ssh call, which ends in the host. */
function rsync(words: string): string {
  const call = ssh.replace(/ root@\S+$/, '');
  return `rsync -e ${quoted(call)} ${words.replaceAll('COLLECTOR', `root@${lab.server.collector.host}`)}`;
}

describe('the credential of a run', () => {
  it('reads and writes its own directory over rsync and sftp', async () => {
    await device.sh('echo content > /tmp/file');
    const own = `/backups/${device.uuid}`;

    expect(await attempt(rsync(`/tmp/file COLLECTOR:${own}/file`))).toMatchObject({ code: 0 });
    expect(await attempt(rsync(`COLLECTOR:${own}/file /tmp/back && cmp /tmp/file /tmp/back`))).toMatchObject({
      code: 0,
    });
    const listed = await attempt(`echo 'ls ${own}' | ${ssh.replace(/^ssh/, 'sftp').replace('-p ', '-P ')}`);
    expect(listed.said).toContain(`${own}/file`);
  });

  it.each([
    { name: 'a shell', command: () => ssh },
    { name: 'a command', command: () => `${ssh} id` },
    { name: 'a command behind rsync', command: () => `${ssh} 'rsync --server -e.LsfxCIvu . /; id'` },
    { name: 'another directory over rsync', command: () => rsync(`COLLECTOR:/backups/${neighbour}/ /tmp/stolen`) },
    {
      name: 'the way up over rsync',
      command: () => rsync(`COLLECTOR:/backups/${device.uuid}/../../etc/passwd /tmp/stolen`),
    },
    { name: 'another directory over sftp', command: () => `echo 'ls /backups/${neighbour}' | ${sftp()}` },
    {
      name: 'writing there over sftp',
      command: () => `echo 'put /tmp/file /backups/${neighbour}/planted' | ${sftp()}`,
    },
    { name: 'the list of all devices', command: () => `echo 'ls /backups' | ${sftp()}` },
    {
      name: 'the host key',
      command: () => `echo 'get /var/lib/collector/ssh_host_ed25519_key /tmp/stolen' | ${sftp()}`,
    },
    { name: 'a way through to elsewhere', command: () => `${ssh} -W 127.0.0.1:22` },
    { name: 'another user', command: () => `${ssh.replace('root@', 'sshd@')} true` },
  ])('does not give $name', async ({ command }) => {
    const { code, said } = await attempt(command());

    expect(code).not.toBe(0);
    expect(said).not.toMatch(/uid=|root:x:/);
    expect(lab.collectorFiles({ ...device, uuid: neighbour })).toEqual([]);
  });

  it('is worth nothing without its certificate, or when that is over', async () => {
    const bare = place('bare', { ...(await credential(3_600_000)), certificate: null });
    const over = place('over', await expired());

    expect((await attempt(bare)).said).toMatch(/Permission denied/);
    expect((await attempt(over)).said).toMatch(/Permission denied/);
  });

  it('is not shown to a server with another host key', async () => {
    const { knownHosts, ...rest } = await credential(3_600_000);
    const wrong = knownHosts.replace(
      /AAAAC3NzaC1lZDI1NTE5AAAAI\S+/,
      'AAAAC3NzaC1lZDI1NTE5AAAAIG5vdCB0aGUga2V5IG9mIHRoZSBjb2xsZWN0b3IhIQ',
    );
    const call = place('wrong', { ...rest, knownHosts: wrong });

    expect((await attempt(call)).said).toMatch(/HOST IDENTIFICATION HAS CHANGED|Host key verification failed/);
  });
});

function sftp(): string {
  return ssh.replace(/^ssh/, 'sftp -b -').replace('-p ', '-P ');
}
