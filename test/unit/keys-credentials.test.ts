import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRight } from 'fp-ts/Either';
import { RunId } from '../../src/model/brand';
import type { Failure } from '../../src/model/failure';
import type { Target } from '../../src/model/policy';
import type { SshCredential } from '../../src/model/ports';
import { Secret } from '../../src/model/secret';
import { openKeys, type KeySettings, type OpenedKeys } from '../../src/keys/keys';
import { aTarget, aUuid } from '../support/desired';

const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL+8ObsIazl4JKcj4/iZVhybDjjWtHjhsP2JFp+oqayQ';
const RUN = '0123456789abcdef0123';
const DEVICE = aUuid(7);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys state-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function keysWith(over: Partial<KeySettings> = {}): OpenedKeys {
  return openKeys({
    stateDir: join(folder, 'data'),
    keysDir: join(folder, 'keys'),
    collectorHostKey: HOST_KEY,
    userSshKey: null,
    userSshKnownHosts: null,
    runTimeoutMs: 3_600_000,
    ...over,
  });
}

function runId(): RunId {
  if (!RunId.is(RUN)) throw new Error('the run id of this test is none');
  return RUN;
}

async function ask(keys: OpenedKeys, target: Target = aTarget()): Promise<SshCredential | Failure> {
  const answer = await keys.credentialFor(target, DEVICE, runId());
  return isRight(answer) ? answer.right : answer.left;
}

async function credentialOf(keys: OpenedKeys, target: Target = aTarget()): Promise<SshCredential> {
  const answer = await ask(keys, target);
  if ('kind' in answer) throw new Error(`expected a credential, got ${JSON.stringify(answer)}`);
  return answer;
}

function shown(certificate: string): string {
  const path = join(folder, 'shown-cert.pub');
  writeFileSync(path, `${certificate}\n`);
  return execFileSync('ssh-keygen', ['-L', '-f', path], { encoding: 'utf8' });
}

describe('the fleet key', () => {
  it('is made once, stays the same for the next process, and only we can read it', async () => {
    const first = await keysWith().fleetKey();
    const second = await keysWith().fleetKey();

    expect(first.publicKey).toMatch(/^ssh-ed25519 \S+ balena-backup$/);
    expect(first.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(first.privateKey.reveal()).toContain('BEGIN OPENSSH PRIVATE KEY');
    expect(second.publicKey).toBe(first.publicKey);
    expect(second.privateKey.reveal()).toBe(first.privateKey.reveal());
    expect(statSync(join(folder, 'data', 'keys')).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'data', 'keys', 'fleet')).mode & 0o777).toBe(0o600);
  });

  it('is one key though several processes make it at once', async () => {
    const made = await Promise.all([1, 2, 3].map(() => keysWith().fleetKey()));

    expect(new Set(made.map((key) => key.publicKey)).size).toBe(1);
  });

  it('is refused when others may have read it, and used again once a person has put that right', async () => {
    const path = join(folder, 'data', 'keys', 'fleet');
    const before = await keysWith().fleetKey();
    const keys = keysWith();
    chmodSync(path, 0o644);

    await expect(keys.fleetKey()).rejects.toThrow(/open to other users \(mode 644\).*chmod go-rwx/);

    chmodSync(path, 0o600);
    expect((await keys.fleetKey()).publicKey).toBe(before.publicKey);
  });

  it('is never replaced when the file is damaged', async () => {
    const path = join(folder, 'data', 'keys', 'fleet');
    await keysWith().fleetKey();
    writeFileSync(path, 'damaged');

    await expect(keysWith().fleetKey()).rejects.toThrow(
      /is not a private key that can be read: put the right file back/,
    );
    expect(readFileSync(path, 'utf8')).toBe('damaged');
  });
});

describe('the CA of the collector', () => {
  it('is published with its public half only, readable for all', async () => {
    await keysWith().publishCa();

    const path = join(folder, 'keys', 'ca.pub');
    expect(readFileSync(path, 'utf8')).toMatch(/^ssh-ed25519 \S+ balena-backup-ca\n$/);
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(join(folder, 'keys'))).toEqual(['ca.pub']);
  });

  it('is published again when the shared volume was lost', async () => {
    const keys = keysWith();
    await keys.publishCa();
    const before = readFileSync(join(folder, 'keys', 'ca.pub'), 'utf8');
    rmSync(join(folder, 'keys'), { recursive: true });

    await credentialOf(keys);

    expect(readFileSync(join(folder, 'keys', 'ca.pub'), 'utf8')).toBe(before);
  });

  it('asks for a writable volume where the collector shares it', async () => {
    writeFileSync(join(folder, 'keys'), 'in the way');

    await expect(keysWith({ collectorHostKey: null }).publishCa()).rejects.toThrow(/cannot write ca\.pub to KEYS_DIR/);
  });

  it('needs no volume where the collector runs elsewhere', async () => {
    writeFileSync(join(folder, 'keys'), 'in the way');

    await expect(keysWith().publishCa()).resolves.toBeUndefined();
  });
});

describe('the credential for the collector', () => {
  it('permits root nothing but the forced command for that device', async () => {
    const { certificate } = await credentialOf(keysWith());

    const text = shown(certificate ?? '');
    expect(text).toContain('Type: ssh-ed25519-cert-v01@openssh.com user certificate');
    expect(text).toContain(`Key ID: "balena-backup device=${DEVICE} run=${RUN}"`);
    expect(text).toMatch(
      /Principals:\s+root\s+Critical Options:\s+force-command collector-serve [0-9a-f]{32}\s+Extensions: \(none\)/,
    );
    expect(text).toContain(`force-command collector-serve ${DEVICE}\n`);
  });

  it('is valid from five minutes ago to the time limit of the run and a quarter of an hour', async () => {
    const { certificate } = await credentialOf(keysWith({ runTimeoutMs: 2 * 3_600_000 }));

    const [, from = '', to = ''] = /Valid: from (\S+) to (\S+)/.exec(shown(certificate ?? '')) ?? [];
    expect(Date.parse(to) - Date.parse(from)).toBe((5 + 120 + 15) * 60_000);
  });

  it('is signed by the published CA over the key that comes with it', async () => {
    const { certificate, privateKey } = await credentialOf(keysWith());

    const path = join(folder, 'throw-away');
    writeFileSync(path, privateKey.reveal(), { mode: 0o600 });
    const derived = execFileSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' });
    writeFileSync(`${path}.pub`, derived);
    const printOf = (file: string): string =>
      execFileSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' }).split(' ')[1] ?? '';
    const text = shown(certificate ?? '');
    expect(text).toContain(`Public key: ED25519-CERT ${printOf(`${path}.pub`)}`);
    expect(text).toContain(`Signing CA: ED25519 ${printOf(join(folder, 'keys', 'ca.pub'))}`);
  });

  it('opens the directory for reading only where that is asked for', async () => {
    const answer = await keysWith().credentialFor(aTarget(), DEVICE, runId(), 'read');

    const text = isRight(answer) ? shown(answer.right.certificate ?? '') : '';
    expect(text).toContain(`force-command collector-serve --read-only ${DEVICE}\n`);
  });

  it('for pruning permits that alone, for five minutes', async () => {
    const answer = await keysWith().pruneCredentialFor(aTarget(), DEVICE, 3);

    const text = isRight(answer) ? shown(answer.right.certificate ?? '') : '';
    expect(text).toMatch(/Critical Options:\s+force-command collector-prune [0-9a-f]{32} 3\s+Extensions: \(none\)/);
    const [, from = '', to = ''] = /Valid: from (\S+) to (\S+)/.exec(text) ?? [];
    expect(Date.parse(to) - Date.parse(from)).toBe((5 + 5) * 60_000);
  });

  it('is another one for each run and leaves no private key on the disk but ours', async () => {
    const keys = keysWith();
    const [one, two] = [await credentialOf(keys), await credentialOf(keys)];

    expect(one.privateKey.reveal()).not.toBe(two.privateKey.reveal());
    expect(readdirSync(join(folder, 'data', 'keys', 'tmp'))).toEqual([]);
    expect(readdirSync(join(folder, 'data', 'keys')).sort()).toEqual(['ca', 'tmp']);
  });

  it('trusts the host key of the variable before the published one', async () => {
    const keys = keysWith();
    await keys.publishCa();
    writeFileSync(join(folder, 'keys', 'collector_host_key.pub'), 'ssh-ed25519 nonsense\n');

    expect((await credentialOf(keys)).knownHosts).toBe(`[collector]:54321 ${HOST_KEY}\n`);
  });

  it('trusts the host key that the collector published', async () => {
    const keys = keysWith({ collectorHostKey: null });
    await keys.publishCa();
    writeFileSync(join(folder, 'keys', 'collector_host_key.pub'), `${HOST_KEY} collector\n`);

    expect((await credentialOf(keys, aTarget({ port: null }))).knownHosts).toBe(`collector ${HOST_KEY}\n`);
  });

  it('is missing, with what to do, while the host key is not known', async () => {
    const answer = await ask(keysWith({ collectorHostKey: null }));

    expect(answer).toMatchObject({ kind: 'credential-missing', what: "the collector's host key" });
    expect(JSON.stringify(answer)).toContain('start the collector with the same volume, or set COLLECTOR_HOST_KEY');
  });

  it('is missing when the host key is no key', async () => {
    const answer = await ask(keysWith({ collectorHostKey: 'nonsense' }));

    expect(answer).toMatchObject({ kind: 'credential-missing' });
    expect(JSON.stringify(answer)).toContain('COLLECTOR_HOST_KEY holds no public key');
  });

  it('is missing, with the reason, when the CA cannot be used', async () => {
    const keys = keysWith();
    await keys.publishCa();
    chmodSync(join(folder, 'data', 'keys', 'ca'), 0o640);

    const answer = await ask(keysWith());

    expect(answer).toMatchObject({ kind: 'credential-missing', what: 'a certificate for the collector' });
    expect(JSON.stringify(answer)).toContain('open to other users');
  });
});

describe("the user's own credential", () => {
  const own = { userSshKey: new Secret('the private key'), userSshKnownHosts: `[collector]:54321 ${HOST_KEY}` };

  it('is used, without a certificate, where the known hosts name the target', async () => {
    const credential = await credentialOf(keysWith(own));

    expect(credential.certificate).toBeNull();
    expect(credential.privateKey.reveal()).toBe('the private key\n');
    expect(credential.knownHosts).toBe(`[collector]:54321 ${HOST_KEY}\n`);
  });

  it('is not used for another port of the same host: that is the collector', async () => {
    const credential = await credentialOf(keysWith(own), aTarget({ port: 22 }));

    expect(credential.certificate).not.toBeNull();
    expect(credential.privateKey.reveal()).not.toContain('the private key');
  });

  it('prunes nothing there: the collector alone knows how', async () => {
    const keys = keysWith(own);

    expect(keys.isCollector(aTarget())).toBe(false);
    expect(keys.isCollector(aTarget({ port: 22 }))).toBe(true);
    expect(await keys.pruneCredentialFor(aTarget(), DEVICE, 3)).toMatchObject({
      left: { kind: 'credential-missing', what: 'a collector' },
    });
  });

  it('is missing when only the host is known', async () => {
    const answer = await ask(keysWith({ ...own, userSshKey: null }));

    expect(answer).toMatchObject({ kind: 'credential-missing', what: 'BACKUP_SSH_KEY' });
  });
});
