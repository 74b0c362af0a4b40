import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { credentialsFor, RUN_SECRETS } from '../../src/model/credentials';
import type { Target } from '../../src/model/policy';
import type { LabDevice } from '../lab/device';

export interface RestoreOrder {
  readonly target: Target;
  readonly environment: ReadonlyMap<string, string>;
  readonly passphrase: string;
  readonly image: string;
  readonly ssh: { readonly key: string; readonly knownHosts: string } | null;
}

/**
 * Restores the latest snapshot on a device by plain Duplicity in a container without any cache, as a person would who has
 * nothing but the passphrase and the credentials. Gives the folder, which has one folder for each volume.
 */
export async function restoreOn(device: LabDevice, order: RestoreOrder): Promise<string> {
  const { target, environment, passphrase, image, ssh } = order;
  const credentials = credentialsFor(target, environment);
  const files = new Map(credentials.files);
  if (ssh !== null) files.set('key', ssh.key).set('known_hosts', `${ssh.knownHosts}\n`);
  const placed = [...files].map(([name, text]) => {
    const coded = Buffer.from(text).toString('base64');
    return `printf %s ${coded} | base64 -d >${RUN_SECRETS}/${name}`;
  });
  const volume = `restored-${randomBytes(4).toString('hex')}`;
  const options = [...target.options, '--archive-dir=/tmp/archive', ...(ssh === null ? [] : [SSH_OPTIONS])];
  const script = [
    `umask 077; mkdir -p ${RUN_SECRETS}`,
    ...placed,
    'mkdir -m 0700 /tmp/gnupg; export GNUPGHOME=/tmp/gnupg',
    // Names and values of the lab's own: none has a quote in it.
    `duplicity restore ${options.map((option) => `'${option}'`).join(' ')} '${target.url}' /restored/volumes`,
  ].join('\n');
  const given = [...credentials.environment, ['PASSPHRASE', passphrase] as const];
  const env = given.flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const mount = ['--volume', `${volume}:/restored`];
  await device.docker(['run', '--rm', ...mount, ...env, '--entrypoint', 'sh', image, '-euc', script]);
  return join(device.folder, 'data', 'docker', 'volumes', volume, '_data', 'volumes');
}

const SSH_OPTIONS = `--ssh-options=-oIdentityFile=${RUN_SECRETS}/key -oUserKnownHostsFile=${RUN_SECRETS}/known_hosts -oStrictHostKeyChecking=yes`;
