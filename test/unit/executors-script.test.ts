import { right } from 'fp-ts/Either';
import { createExecutors } from '../../src/executors';
import { actionIdOf, runIdOf } from '../../src/model/action';
import { instantOf } from '../../src/model/brand';
import type { SshCredential } from '../../src/model/ports';
import { Secret } from '../../src/model/secret';
import { aDevice, aPolicy, aTarget, resolved } from '../support/desired';
import { playedSession, transportOf } from '../support/session';
import { settingsOf } from '../support/settings';

const NONCE = 'n0nce';
const device = aDevice();
const slot = { kind: 'schedule', at: instantOf(1_700_000_000_000) } as const;
const id = actionIdOf(device.uuid, 'backup', slot);
const collectorKey = { privateKey: new Secret('PRIVATE'), certificate: 'CERTIFICATE', knownHosts: 'KNOWN' };

/** What is sent to a device for a backup to the target. */
async function scriptFor(
  target: Partial<ReturnType<typeof aTarget>>,
  settings: Partial<ReturnType<typeof settingsOf>> = {},
  credential: SshCredential = collectorKey,
): Promise<string> {
  const session = playedSession();
  session.say(`${NONCE} - busy other`);
  const executors = createExecutors({
    transport: transportOf([session]),
    keys: {
      isCollector: () => false,
      credentialFor: () => Promise.resolve(right(credential)),
    },
    pruneCollector: () => Promise.reject(new Error('not asked for')),
    settings: { ...settingsOf(), ...settings },
    scrub: (text) => text,
    clock: { now: () => instantOf(5000) },
  });
  const whole = aTarget(target);
  const policy = aPolicy({ target: resolved(whole), bandwidth: resolved(2048) });
  const context = {
    runId: runIdOf(id, 1),
    nonce: NONCE,
    startedAt: instantOf(0),
    lastSuccess: null,
    forget: [],
    signal: new AbortController().signal,
    cancelled: new AbortController().signal,
    emit: () => undefined,
    advance: () => undefined,
    commit: () => true,
    removed: () => undefined,
  };
  await executors.backup(
    { kind: 'backup', id, device, policy, target: whole, slot, dueSince: slot.at, attempt: 1, mode: 'auto' },
    context,
  );
  return session.sent[0] ?? '';
}

describe('the script of a backup', () => {
  test('limits what the container sends, and rsync besides where the kernel cannot', async () => {
    expect(await scriptFor({ scheme: 'sftp' })).toMatch(/^BANDWIDTH='2048'$/m);
    expect(await scriptFor({ scheme: 'sftp' })).not.toContain('--bwlimit');
    expect(await scriptFor({ scheme: 'rsync' })).toContain('--rsync-options=--bwlimit=2');
    expect(await scriptFor({ scheme: 'file', deviceLocal: true })).not.toContain("BANDWIDTH='2048'");
  });

  test('takes the image that has what its target needs', async () => {
    const images = { image: 'small:1', fullImage: 'full:1' };
    const needs = { image: 'full', modules: ['azure.storage.blob'], programs: [] } as const;
    expect(await scriptFor({}, images)).toContain("IMAGE='small:1'");
    const script = await scriptFor({ needs }, images);
    expect(script).toContain("IMAGE='full:1'");
    expect(script).toContain("MODULES='azure.storage.blob'");
  });

  test.each([
    [{ path: '//b/x', host: 'h', port: 2222 }, "'-e' 'ssh -p 2222 -oBatchMode=yes ", "'root@h:/b/x/'"],
    [{ path: '/b/x', host: 'h', port: null }, "'-e' 'ssh -p 22 -oBatchMode=yes ", "'root@h:b/x/'"],
    [{ path: 'box/x', overSsh: false, user: 'u', host: 'h', port: 874 }, "'--port=874'", "'u@h::box/x/'"],
    [{ path: 'box', overSsh: false, url: 'rsync://u:a%40b@h::box' }, "RSYNC_PASSWORD='a@b' rsync", "::box/'"],
  ])('makes the folder of %j by rsync, which Duplicity does not', async (over, options, folder) => {
    const own = { privateKey: new Secret('OWN'), certificate: null, knownHosts: 'KNOWN' };
    const line = /^rsync_folder\(\).*$/m.exec(await scriptFor({ scheme: 'rsync', ...over }, {}, own))?.[0];
    expect(line).toContain(options);
    expect(line).toContain(folder);
    // Nothing else would end one that a server leaves waiting.
    expect(line).toContain(' --timeout=60 ');
  });

  test('leaves the folder to the collector', async () => {
    expect(await scriptFor({ scheme: 'rsync' })).toContain('rsync_folder() { :; }');
  });

  test('brings files along in the memory of the run', async () => {
    const environment = new Map([['RCLONE_CONFIG', "[box]\ntype = 'sftp'\n"]]);
    const script = await scriptFor({ scheme: 'rclone', variables: ['RCLONE_CONFIG'] }, { environment });
    expect(script).toContain("export RCLONE_CONFIG='/dev/shm/balena-backup/RCLONE_CONFIG'");
    expect(script).toContain(
      `cat >/dev/shm/balena-backup/RCLONE_CONFIG <<'KEY_${NONCE}'\n[box]\ntype = 'sftp'\nKEY_${NONCE}\n`,
    );
  });

  test.each([
    ['0f4c9a5b7d2e8160a3b4c5d6e7f80912', true],
    ['q7Rt0Zp+4mKd/8vYs2Wx1LhB6nQeJf9C', true],
    ['correct horse battery staple forever', false],
    ['CorrectHorseBatteryStapleForever123', false],
    ['11111111111111111111111111111111', false],
    ['short1A', false],
  ])('does not stretch the passphrase %s: %s', async (passphrase, isQuick) => {
    const script = await scriptFor({}, { passphrase: new Secret(passphrase) });
    expect(script.includes('--s2k-count=65536')).toBe(isQuick);
    expect(script).toContain(`STRETCH='${isQuick ? '65536' : '65011712'}'`);
  });
});
