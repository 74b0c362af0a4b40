import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/Either';
import { type OpenedKeys, openKeys } from '../../src/keys/keys';
import { actionIdOf, runIdOf } from '../../src/model/action';
import { type DeviceUuid, deviceUuidOf, instantOf } from '../../src/model/brand';
import type { Target } from '../../src/model/policy';
import type { CollectorAccess, SshCredential } from '../../src/model/ports';
import type { LabDevice } from '../lab/device';
import type { Lab } from '../lab/lab';
import { aTarget } from './desired';
import { settingsOf } from './settings';

export interface Attempt {
  readonly code: number;
  /** Both streams. */
  readonly said: string;
}

/** Its number, and its fields: strings, 32-bit numbers. */
export type SftpRequest = readonly [number, ...(string | number)[]];

const SFTP_CLIENT = `
import json, struct, subprocess, sys
server = subprocess.Popen(sys.argv[1], shell=True, stdin=-1, stdout=-1)
def field(value):
    if isinstance(value, int): return struct.pack('>I', value)
    return struct.pack('>I', len(value)) + value.encode()
def ask(kind, body):
    server.stdin.write(struct.pack('>IB', len(body) + 1, kind) + body)
    server.stdin.flush()
    answer = server.stdout.read(struct.unpack('>I', server.stdout.read(4))[0])
    return 0 if answer[0] != 101 else struct.unpack('>I', answer[5:9])[0]
ask(1, field(3))
for number, (kind, *fields) in enumerate(json.loads(sys.argv[2])):
    print('status', ask(kind, field(number) + b''.join(map(field, fields))), kind, fields)
`;

/** The keys of the lab's orchestrator. */
export function labKeys(lab: Lab, runTimeoutMs = 3_600_000): OpenedKeys {
  return openKeys(settingsOf({ stateDir: join(lab.folder, 'state'), keysDir: lab.server.keys, runTimeoutMs }));
}

export function collectorTarget(lab: Lab): Target {
  const { host, port } = lab.server.collector;
  return aTarget({ host, port });
}

/** What a run of the device gets for the collector. */
export async function runCredential(lab: Lab, uuid: string, access: CollectorAccess = 'write'): Promise<SshCredential> {
  const who: DeviceUuid = deviceUuidOf(uuid);
  const runId = runIdOf(actionIdOf(who, 'backup', { kind: 'manual', at: instantOf(0) }), 1);
  const made = await labKeys(lab).credentialFor(collectorTarget(lab), who, runId, access);
  if (isLeft(made)) throw new Error(JSON.stringify(made.left));
  return made.right;
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Somebody on a device who holds a credential for the collector, and tries what can be done with it. */
export class CollectorGuest {
  /** The ssh call that uses the credential; it ends in the host. */
  public readonly ssh: string;
  readonly #lab: Lab;
  readonly #device: LabDevice;
  readonly #name: string;

  public constructor(lab: Lab, device: LabDevice, name: string, credential: SshCredential) {
    this.#lab = lab;
    this.#device = device;
    this.#name = name;
    this.ssh = this.#place(name, credential);
  }

  /** Runs a script on the device. */
  public async attempt(script: string): Promise<Attempt> {
    const output = await this.#device.sh(
      `(timeout 60 sh -c ${quoted(script)}) 2>&1 </dev/null && echo code 0 || echo "code $?"`,
    );
    return { code: Number(/code (\d+)\s*$/.exec(output)?.[1]), said: output };
  }

  /** rsync with these words; COLLECTOR stands for the server. */
  public rsync(words: string): Promise<Attempt> {
    const call = this.ssh.replace(/ root@\S+$/, '');
    return this.attempt(`rsync -e ${quoted(call)} ${words.replaceAll('COLLECTOR', this.#server)}`);
  }

  /** One sftp command after the other, up to the first that fails, with a megabyte a second at most. */
  public sftp(...commands: readonly string[]): Promise<Attempt> {
    const call = this.ssh.replace(/^ssh/, 'sftp -q -l 8000 -b -').replace('-p ', '-P ');
    return this.attempt(`printf '%s\\n' ${commands.map(quoted).join(' ')} | ${call}`);
  }

  /** Requests of the SFTP protocol as they are, which its command line cannot make. Gives a line for each: 0 is done. */
  public requests(...requests: readonly SftpRequest[]): Promise<Attempt> {
    const words = [SFTP_CLIENT, `${this.ssh.replace(/^ssh/, 'ssh -s')} sftp`, JSON.stringify(requests)];
    return this.attempt(`python3 -c ${words.map(quoted).join(' ')}`);
  }

  /** Duplicity on the device, with a cache of its own for each `name`; URL stands for the directory over `way`. */
  public duplicity(way: 'rsync' | 'sftp', words: string, name = 'warm'): Promise<Attempt> {
    const { port } = this.#lab.server.collector;
    const url = `${way}://${this.#server}:${String(port)}//backups`;
    const ssh = `-oIdentityFile=/tmp/${this.#name}/key -oUserKnownHostsFile=/tmp/${this.#name}/known_hosts -oStrictHostKeyChecking=yes`;
    const options = `--archive-dir=/tmp/archive-${name} --name=test --num-retries=1 --ssh-options=${quoted(ssh)}`;
    const environment = 'PASSPHRASE=passphrase HOME=/tmp GNUPGHOME=/tmp/gnupg';
    return this.attempt(
      `mkdir -p -m 0700 /tmp/gnupg; ${environment} duplicity ${words.replaceAll('URL', url)} ${options}`,
    );
  }

  get #server(): string {
    return `root@${this.#lab.server.collector.host}`;
  }

  #place(name: string, { privateKey, certificate, knownHosts }: SshCredential): string {
    const folder = join(this.#device.folder, 'tmp', name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'key'), privateKey.reveal(), { mode: 0o600 });
    writeFileSync(join(folder, 'key-cert.pub'), certificate ?? '');
    writeFileSync(join(folder, 'known_hosts'), knownHosts);
    const options = `-o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/tmp/${name}/known_hosts`;
    const port = String(this.#lab.server.collector.port);
    return `ssh -F /dev/null -i /tmp/${name}/key -o IdentitiesOnly=yes ${options} -p ${port} ${this.#server}`;
  }
}
