import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHostKeys } from '../../src/keys/hostkeys';
import { hostName, knownHostsFor } from '../../src/keys/knownhosts';
import { fingerprintOf, parsePublicKey } from '../../src/keys/publickey';
import { createOnce, privateFolder, writeAtomically } from '../../src/keys/statefile';
import { makeKeyPair } from '../../src/keys/sshkeygen';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL+8ObsIazl4JKcj4/iZVhybDjjWtHjhsP2JFp+oqayQ';
const OTHER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL+8ObsIazl4JKcj4/iZVhybDjjWtHjhsP2JFp+oqayR';
// `ssh-keygen -H` of a line for [backup.example]:2222.
const HASHED = '|1|1PRRI9H3iZs1z7Yiu8OeAeo6uDY=|wv/q4khk4vBPVaYS+5qmHijKFuQ=';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys files-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a public key line', () => {
  it('is read without its comment', () => {
    expect(parsePublicKey(`${KEY} somebody@somewhere\n`)).toEqual({ type: 'ssh-ed25519', base64: KEY.split(' ')[1] });
  });

  it.each([
    ['no key', 'ssh-ed25519'],
    ['no base64', 'ssh-ed25519 a-b-c'],
    ['bytes of another type than it says', KEY.replace('ssh-ed25519', 'ssh-rsa')],
    ['bytes that are cut', 'ssh-ed25519 AAAA'],
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----'],
  ])('is refused with %s', (_, line) => {
    expect(parsePublicKey(line)).toBeNull();
  });

  it('has the fingerprint that OpenSSH shows', () => {
    const key = parsePublicKey(KEY);

    expect(key === null ? null : fingerprintOf(key)).toBe('SHA256:ExeNTF7otDZVEIHAR5NLUUZBS3Sx2viycd3WRR0nB/o');
  });
});

describe('known_hosts lines for a host', () => {
  const rows: readonly {
    readonly name: string;
    readonly line: string;
    readonly host: string;
    readonly port: number;
    readonly found: boolean;
  }[] = [
    { name: 'another port, named so', line: `[h.example]:2222 ${KEY}`, host: 'h.example', port: 2222, found: true },
    {
      name: 'the plain host does not count for another port',
      line: `h.example ${KEY}`,
      host: 'h.example',
      port: 2222,
      found: false,
    },
    { name: 'port 22, plain', line: `h.example ${KEY}`, host: 'h.example', port: 22, found: true },
    { name: 'port 22, in brackets', line: `[h.example]:22 ${KEY}`, host: 'h.example', port: 22, found: true },
    { name: 'upper case in the URL', line: `h.example ${KEY}`, host: 'H.Example', port: 22, found: true },
    { name: 'a list of names', line: `a.example,[h.example]:23 ${KEY}`, host: 'h.example', port: 23, found: true },
    { name: 'a wildcard', line: `*.example ${KEY}`, host: 'h.example', port: 22, found: true },
    { name: 'a wildcard with a port', line: `[10.0.0.?]:54321 ${KEY}`, host: '10.0.0.7', port: 54321, found: true },
    { name: 'a dot is a dot', line: `hxexample ${KEY}`, host: 'h.example', port: 22, found: false },
    {
      name: 'a name taken out of a wildcard',
      line: `!h.example,*.example ${KEY}`,
      host: 'h.example',
      port: 22,
      found: false,
    },
    { name: 'an IPv6 address', line: `[fd00::1]:54321 ${KEY}`, host: '[fd00::1]', port: 54321, found: true },
    { name: 'a hashed name', line: `${HASHED} ${KEY}`, host: 'backup.example', port: 2222, found: true },
    { name: 'the hash of another name', line: `${HASHED} ${KEY}`, host: 'backup.example', port: 22, found: false },
    { name: 'a comment', line: `# h.example ${KEY}`, host: 'h.example', port: 22, found: false },
    { name: 'a line without a key', line: 'h.example ssh-ed25519', host: 'h.example', port: 22, found: false },
  ];

  it.each(rows)('$name -> $found', ({ line, host, port, found }) => {
    expect(knownHostsFor(`\n${line}\n`, host, port)).toEqual(found ? [`${hostName(host, port)} ${KEY}`] : []);
  });

  it('keep their marker and come in order, all of them', () => {
    const text = `@cert-authority *.example ${KEY} the CA\nother ${KEY}\nh.example ${OTHER}\n@revoked h.example ${KEY}`;

    expect(knownHostsFor(text, 'h.example', 22)).toEqual([
      `@cert-authority h.example ${KEY}`,
      `h.example ${OTHER}`,
      `@revoked h.example ${KEY}`,
    ]);
  });
});

describe('host keys trusted at first use', () => {
  it('are known again by another process', () => {
    const path = join(folder, 'deep', 'known_hosts');
    openHostKeys(path).remember('gateway.example:22', KEY);

    expect(openHostKeys(path).lookup('Gateway.example:22')).toBe(KEY);
    expect(openHostKeys(path).lookup('gateway.example:2222')).toBeNull();
  });

  it('are replaced, not doubled', () => {
    const hostKeys = openHostKeys(join(folder, 'known_hosts'));
    hostKeys.remember('a:22', KEY);
    hostKeys.remember('b:22', KEY);
    hostKeys.remember('a:22', OTHER);

    expect(hostKeys.lookup('a:22')).toBe(OTHER);
    expect(hostKeys.lookup('b:22')).toBe(KEY);
    expect(readFileSync(join(folder, 'known_hosts'), 'utf8').trim().split('\n')).toHaveLength(2);
  });

  it('are forgotten when asked to, and say whether they were known', () => {
    const hostKeys = openHostKeys(join(folder, 'known_hosts'));
    hostKeys.remember('a:22', KEY);

    expect(hostKeys.forget('a:22')).toBe(true);
    expect(hostKeys.forget('a:22')).toBe(false);
    expect(hostKeys.lookup('a:22')).toBeNull();
  });
});

describe('files of the state directory', () => {
  it('are replaced whole, with the mode that was asked for, and leave nothing beside them', () => {
    const path = join(folder, 'file');
    writeAtomically(path, 'one', 0o644);
    writeAtomically(path, 'two', 0o600);

    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('are made once: the second maker changes nothing', () => {
    const path = join(folder, 'file');

    expect(createOnce(path, 'one', 0o600)).toBe(true);
    expect(createOnce(path, 'two', 0o600)).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('one');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('are refused in a folder that others can enter, with what to do', () => {
    const path = join(folder, 'open');
    mkdirSync(path);
    chmodSync(path, 0o755);

    expect(() => {
      privateFolder(path, 'the folder');
    }).toThrow(`run "chmod go-rwx ${path}"`);
  });
});

describe('keys passing through the disk', () => {
  it('leave nothing there, and what a killed process left is dropped when it is old', async () => {
    const passing = join(folder, 'tmp');
    privateFolder(passing, 'the folder');
    mkdirSync(join(passing, 'key-old'));
    writeFileSync(join(passing, 'key-old', 'key'), 'x');
    utimesSync(join(passing, 'key-old'), new Date(0), new Date(0));
    mkdirSync(join(passing, 'key-in-use'));

    const pair = await makeKeyPair(passing, 'a comment');

    expect(pair.privateKey).toContain('BEGIN OPENSSH PRIVATE KEY');
    expect(pair.publicKey).toMatch(/^ssh-ed25519 \S+ a comment$/);
    expect(existsSync(join(passing, 'key-old'))).toBe(false);
    expect(readdirSync(passing)).toEqual(['key-in-use']);
  });
});
