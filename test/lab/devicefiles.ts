import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './process';

export interface DeviceFiles {
  readonly folder: string;
  readonly uuid: string;
  readonly hostname: string;
  readonly cgroup: string;
  /** Where the device's sshd asks for the keys of a user. */
  readonly apiUrl: string;
  /** The account's name, which the device takes for root as every name that it does not know. */
  readonly username: string;
  /** Logs in as root: the gateway's own key, as `os.sshKeys` of a real device has it. */
  readonly gatewayKey: string;
  readonly registry: string;
  readonly dns: readonly string[];
  readonly mtu: number;
  /** The size of `/mnt/data`, or null for as much as the machine has. */
  readonly diskMiB: number | null;
}

/** `type base64` of a device's sshd. */
export type HostKey = string;

/** Lays out what a device is made of, in its folder, once; gives its host key. */
export async function prepareDeviceFiles(files: DeviceFiles): Promise<HostKey> {
  const { folder } = files;
  for (const name of ['etc', 'bin', 'root']) mkdirSync(join(folder, name), { recursive: true, mode: 0o755 });
  await runProgram('mkdir', ['-m', '1777', join(folder, 'tmp')]);
  copyFileSync(join(__dirname, 'device-init.sh'), join(folder, 'init.sh'));
  writeFileSync(join(folder, 'hostname'), `${files.hostname}\n`);
  writeFileSync(join(folder, 'etc', 'config.json'), `${JSON.stringify({ uuid: files.uuid }, null, 2)}\n`);
  for (const name of ['balena', 'balena-engine']) symlinkSync('/usr/bin/docker', join(folder, 'bin', name));
  writeUsers(files);
  writeFileSync(join(folder, 'etc', 'daemon.json'), JSON.stringify(engineSettings(files)));
  writeFileSync(join(folder, 'etc', 'sshd_config'), SSHD);
  writeFileSync(join(folder, 'etc', 'authorized_keys'), `${files.gatewayKey}\n`);
  writeFileSync(join(folder, 'etc', 'keys-of'), keysCommand(files.apiUrl), { mode: 0o755 });
  await makeDisk(folder, files.diskMiB);
  const key = join(folder, 'etc', 'host_key');
  await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
  return readFileSync(`${key}.pub`, 'utf8').trim();
}

async function makeDisk(folder: string, diskMiB: number | null): Promise<void> {
  if (diskMiB === null) {
    mkdirSync(join(folder, 'data'));
    return;
  }
  const image = join(folder, 'disk.img');
  await runProgram('truncate', ['-s', `${String(diskMiB)}M`, image]);
  await runProgram('mkfs.ext4', ['-q', '-m', '0', image]);
}

/** balenaOS maps every unknown name to root (libnss-ato); here the one that is asked for stands in the list. */
function writeUsers({ folder, username }: DeviceFiles): void {
  const others = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('root:') && !line.startsWith(`${username}:`));
  const roots = ['root', username].map((name) => `${name}:x:0:0:root:/root:/bin/sh`);
  writeFileSync(join(folder, 'etc', 'passwd'), `${[...roots, ...others].join('\n')}\n`);
  const shadow = ['root', username].map((name) => `${name}:*:19000:0:99999:7:::\n`).join('');
  writeFileSync(join(folder, 'etc', 'shadow'), shadow, { mode: 0o600 });
}

function engineSettings({ cgroup, registry, dns, mtu }: DeviceFiles): Readonly<Record<string, unknown>> {
  return {
    hosts: ['unix:///run/docker.sock'],
    'data-root': '/var/lib/docker',
    'exec-root': '/run/docker',
    pidfile: '/run/docker.pid',
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
    'cgroup-parent': `/${cgroup}`,
    // A range that is no network's own, so that it hides neither the lab nor a name server.
    bip: '198.18.0.1/24',
    'insecure-registries': [registry],
    dns,
    mtu,
    'log-driver': 'json-file',
  };
}

const SSHD = `Port 22222
AddressFamily inet
HostKey /run/device/etc/host_key
PidFile /run/sshd.pid
AuthorizedKeysFile /run/device/etc/authorized_keys
AuthorizedKeysCommand /run/device/etc/keys-of %u
AuthorizedKeysCommandUser root
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PrintMotd no
PrintLastLog no
LogLevel VERBOSE
MaxStartups 100
ClientAliveInterval 15
ClientAliveCountMax 3
Subsystem sftp internal-sftp
`;

/** As on balenaOS: root has the keys of the device's own settings, every other name those of the account. */
function keysCommand(apiUrl: string): string {
  return `#!/bin/sh
[ "$1" != root ] || exit 0
exec python3 -I -c '
import sys, urllib.parse, urllib.request
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
user = urllib.parse.quote(sys.argv[2], safe="")
print(direct.open(sys.argv[1] + "/auth/v1/public-keys/" + user, timeout=10).read().decode())
' '${apiUrl}' "$1"
`;
}
