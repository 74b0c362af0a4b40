import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LabDevice } from '../test/lab/device';
import type { Lab } from '../test/lab/lab';
import { runProgram } from '../test/lab/process';
import { startController } from '../test/support/controller';

export interface Row {
  readonly what: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** A third each: text that packs well, bytes that do not, and many small files. */
const MAKE = `
mkdir -p /data/text /data/random /data/small
for n in 1 2 3 4; do seq 1 3000000 | sed "s/^/2026-11-26T00:00:00Z service[$n]: request /" | head -c 20000000 >/data/text/$n.log; done
for n in 1 2 3 4; do head -c 20000000 /dev/urandom >/data/random/$n; done
n=0
while [ $n -lt 100 ]; do
  mkdir -p /data/small/$n
  seq $n 2500 | head -c 8000 >/data/small/$n/first
  for each in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    cp /data/small/$n/first /data/small/$n/$each
  done
  n=$((n + 1))
done
`;
/** About one byte in a hundred. */
const CHANGE = 'seq 1 150000 >>/data/text/1.log; head -c 1200000 /dev/urandom >/data/random/new-$(date +%N)';

export async function makeTree(device: LabDevice): Promise<void> {
  await device.createVolume('data');
  await shell(device, MAKE);
}

/** A shell in a container of the device's image, with the volume at /data. */
export function shell(device: LabDevice, script: string, more: readonly string[] = []): Promise<string> {
  const volume = `${String(device.fleetId)}_data:/data`;
  return device.docker([
    'run',
    '--rm',
    '--volume',
    volume,
    ...more,
    '--entrypoint',
    'sh',
    imageOf(device),
    '-euc',
    script,
  ]);
}

const images = new Map<string, string>();
export function useImage(device: LabDevice, image: string): void {
  images.set(device.uuid, image);
}
export function imageOf(device: LabDevice): string {
  return images.get(device.uuid) ?? '';
}

/** The largest resident size that a process of these names has reached, by looking at all of them again and again. */
async function peakOf(names: readonly string[], work: () => Promise<unknown>): Promise<number> {
  let peak = 0;
  const look = (): void => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      peak = Math.max(peak, residentOf(pid, names));
  };
  const timer = setInterval(look, 100);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return peak;
}

function residentOf(pid: string, names: readonly string[]): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const [, name = ''] = /^Name:\t(.*)$/m.exec(status) ?? [];
    const [, kib = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
    return names.includes(name) ? Number(kib) / 1024 : 0;
  } catch {
    return 0;
  }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

interface Tool {
  readonly what: string;
  readonly names: readonly string[];
  readonly once: () => Promise<unknown>;
  readonly storedMb: () => Promise<number>;
}

/** Full, no change, 1 % change, in this order. */
async function rowOf(device: LabDevice, { what, names, once, storedMb }: Tool): Promise<Row> {
  const times: number[] = [];
  const peak = await peakOf(names, async () => {
    times.push(await secondsOf(once));
    times.push(await secondsOf(once));
    await shell(device, CHANGE);
    times.push(await secondsOf(once));
  });
  const [full = NaN, same = NaN, changed = NaN] = times;
  return {
    what,
    figures: {
      'full s': full,
      'no change s': same,
      '1 % change s': changed,
      'stored MB': await storedMb(),
      'peak MB': peak,
    },
  };
}

const DUPLICITY = ['duplicity', 'gpg', 'python3'];

export async function speedRows(lab: Lab, device: LabDevice): Promise<readonly Row[]> {
  useImage(device, lab.server.duplicityImage);
  const rows: Row[] = [{ what: 'tar | gpg', figures: { 'full s': await secondsOf(() => shell(device, TAR_GPG)) } }];
  for (const compression of ['default', 'fast', 'none']) rows.push(await ourRow(lab, device, compression));
  const bare = { ...bareTool(device), storedMb: () => sizeOf(device, 'bare') };
  rows.push(await rowOf(device, bare));
  for (const tool of others(lab, device)) rows.push(await rowOf(device, tool));
  return rows;
}

const TAR_GPG =
  'mkdir -m 0700 /tmp/g; tar -c /data 2>/dev/null | gpg --homedir /tmp/g --batch --passphrase x --pinentry-mode loopback --symmetric >/dev/null';

/** Runs as the controller has them made: connection, container, listing and proof included. */
async function ourRow(lab: Lab, device: LabDevice, compression: string): Promise<Row> {
  const controller = startController(
    lab.environment({
      STATE_DIR: join(lab.folder, `state-${compression}`),
      BACKUP_URL: `file:///backups/${compression}`,
      BACKUP_COMPRESSION: compression,
      BACKUP_SCHEDULE: '@monthly',
    }),
  );
  let runs = 0;
  const once = async (): Promise<void> => {
    runs += 1;
    const token = `${compression}-${String(runs)}`;
    lab.setTag(device, 'backupRequest', token);
    controller.signal('SIGHUP');
    const line = await controller.waitFor(
      'the run',
      (each) => each['slot'] === `request:${token}` && /run\.(succeeded|failed)/.test(String(each['event'])),
    );
    if (line['event'] !== 'run.succeeded') throw new Error(`a run failed: ${String(line['message'])}`);
  };
  try {
    await controller.waitFor('the device', (line) => line['event'] === 'device.policy.accepted');
    const what = `a run, BACKUP_COMPRESSION=${compression}`;
    return await rowOf(device, { what, names: DUPLICITY, once, storedMb: () => sizeOf(device, compression) });
  } finally {
    await controller.stop();
  }
}

function bareTool(device: LabDevice): Omit<Tool, 'storedMb'> {
  const script =
    'mkdir -p -m 0700 /archive/g /backups/bare; GNUPGHOME=/archive/g PASSPHRASE=x duplicity backup --allow-source-mismatch --archive-dir=/archive --name=bare /data file:///backups/bare >/dev/null';
  const mounts = ['--volume', 'backups:/backups', '--volume', 'bare:/archive'];
  return { what: 'bare Duplicity', names: DUPLICITY, once: () => shell(device, script, mounts) };
}

/** Megabytes of a folder of the helper volume on the device. */
async function sizeOf(device: LabDevice, folder: string): Promise<number> {
  return (
    Number((await shell(device, `du -sk /backups/${folder} | cut -f 1`, ['--volume', 'backups:/backups'])).trim()) /
    1024
  );
}

/** On this machine, with the volume as they find it: no image of ours has them. */
function others(lab: Lab, device: LabDevice): readonly Tool[] {
  const tree = device.volumePath('data');
  const store = (name: string): string => join(lab.folder, 'bench', name);
  rmSync(join(lab.folder, 'bench'), { recursive: true, force: true });
  mkdirSync(join(lab.folder, 'bench'));
  const storedMb = (name: string) => async (): Promise<number> =>
    Number((await runProgram('du', ['-sk', store(name)])).split('\t')[0]) / 1024;
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: store('home'),
    RESTIC_PASSWORD: 'x',
    RESTIC_REPOSITORY: store('restic'),
    BORG_PASSPHRASE: 'x',
    BORG_REPO: store('borg'),
  };
  let borgs = 0;
  const sh = (script: string): Promise<string> => runProgram('sh', ['-euc', script, 'bench', tree], { env });
  return [
    {
      what: 'restic',
      names: ['restic'],
      once: () => sh('[ -e "$RESTIC_REPOSITORY" ] || restic init -q; restic backup -q "$1"'),
      storedMb: storedMb('restic'),
    },
    {
      what: 'borg',
      names: ['borg'],
      once: () => {
        borgs += 1;
        return sh(`[ -e "$BORG_REPO" ] || borg init --encryption=repokey; borg create "::${String(borgs)}" "$1"`);
      },
      storedMb: storedMb('borg'),
    },
  ];
}
