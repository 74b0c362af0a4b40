import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LabDevice } from '../test/lab/device';
import type { Lab } from '../test/lab/lab';
import { runProgram } from '../test/lab/process';
import { startController } from '../test/support/controller';
import { median } from './measure';

export interface Row {
  readonly what: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** Half a gigabyte in forty thousand files: text that packs well, bytes that do not, and many small files of both. */
const MAKE = `
mkdir -p /data/text /data/random /data/small
for n in 1 2 3 4; do seq 1 3000000 | sed "s/^/2026-11-26T00:00:00Z service[$n]: request /" | head -c 20000000 >/data/text/$n.log; done
for n in 1 2 3 4; do head -c 20000000 /dev/urandom >/data/random/$n; done
python3 -c '
import os
for folder in range(200):
    os.mkdir(f"/data/small/{folder}")
    for n in range(200):
        with open(f"/data/small/{folder}/{n}", "wb") as file:
            file.write(os.urandom(4096) + bytes(4096))
'
`;
/** About one byte in a hundred. */
const CHANGE = 'seq 1 300000 >>/data/text/1.log; head -c 3000000 /dev/urandom >/data/random/new-$(date +%N)';

/** The device that is measured, and the lab that it is in. */
export interface Bench {
  readonly lab: Lab;
  readonly device: LabDevice;
}

export async function makeTree(bench: Bench): Promise<void> {
  await bench.device.createVolume('data');
  await shell(bench, MAKE);
}

/** A shell in a container of the device's image, with the volume at /data. */
export function shell({ lab, device }: Bench, script: string, more: readonly string[] = []): Promise<string> {
  const volume = `${String(device.fleetId)}_data:/data`;
  const call = ['--entrypoint', 'sh', lab.server.duplicityImage, '-euc', script];
  return device.docker(['run', '--rm', '--volume', volume, ...more, ...call]);
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
  /** Makes a backup, and says how many seconds it took. */
  readonly once: () => Promise<number>;
  readonly storedMb: () => Promise<number>;
}

/** Full, no change, 1 % change, in this order. */
async function rowOf(bench: Bench, { what, names, once, storedMb }: Tool): Promise<Row> {
  const times: number[] = [];
  const peak = await peakOf(names, async () => {
    times.push(await once());
    times.push(await once());
    await shell(bench, CHANGE);
    times.push(await once());
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

/** Each program has its turn in every round, so what disturbs the machine for a while disturbs them all. */
const ROUNDS = 3;

/** The medians of the rounds. */
export async function speedRows(bench: Bench): Promise<readonly Row[]> {
  const rounds: (readonly Row[])[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) rounds.push(await roundOf(bench, String(round)));
  const [first = []] = rounds;
  return first.map(({ what, figures }, at) => ({
    what,
    figures: Object.fromEntries(
      Object.keys(figures).map((name) => [name, median(rounds.map((rows) => rows[at]?.figures[name] ?? NaN))]),
    ),
  }));
}

/** Every program with stores of its own, which no other round has. */
async function roundOf(bench: Bench, round: string): Promise<readonly Row[]> {
  const rows: Row[] = [{ what: 'tar | gpg', figures: { 'full s': await secondsOf(() => shell(bench, TAR_GPG)) } }];
  for (const compression of ['default', 'fast', 'none']) rows.push(await ourRow(bench, compression, round));
  for (const tool of [bareTool, resticTool, borgTool]) rows.push(await rowOf(bench, tool(bench, round)));
  return rows;
}

const TAR_GPG =
  'mkdir -m 0700 /tmp/g; tar -c /data 2>/dev/null | gpg --homedir /tmp/g --batch --passphrase x --pinentry-mode loopback --symmetric >/dev/null';

/** Runs as the controller has them made: connection, container, listing and proof included. */
async function ourRow(bench: Bench, compression: string, round: string): Promise<Row> {
  const { lab, device } = bench;
  const store = `${compression}-${round}`;
  const controller = startController(
    lab.environment({
      STATE_DIR: join(lab.folder, `state-${store}`),
      BACKUP_URL: `file:///backups/${store}`,
      BACKUP_COMPRESSION: compression,
      BACKUP_SCHEDULE: '@monthly',
    }),
  );
  let runs = 0;
  const once = async (): Promise<number> => {
    runs += 1;
    const token = `${store}-${String(runs)}`;
    lab.setTag(device, 'backupRequest', token);
    const begin = Date.now();
    controller.signal('SIGHUP');
    const line = await controller.waitFor(
      'the run',
      (each) => each['slot'] === `request:${token}` && /run\.(succeeded|failed)/.test(String(each['event'])),
    );
    if (line['event'] !== 'run.succeeded') throw new Error(`a run failed: ${String(line['message'])}`);
    return (Date.parse(String(line['time'])) - begin) / 1000;
  };
  try {
    await controller.waitFor('the device', (line) => line['event'] === 'device.policy.accepted');
    const what = `a run, BACKUP_COMPRESSION=${compression}`;
    return await rowOf(bench, { what, names: DUPLICITY, once, storedMb: () => sizeOf(bench, store) });
  } finally {
    await controller.stop();
  }
}

function bareTool(bench: Bench, round: string): Tool {
  const store = `bare-${round}`;
  const script = `mkdir -p -m 0700 /archive/g /backups/${store}; GNUPGHOME=/archive/g PASSPHRASE=x duplicity backup --allow-source-mismatch --archive-dir=/archive --name=${store} /data file:///backups/${store} >/dev/null`;
  const mounts = ['--volume', 'backups:/backups', '--volume', 'bare:/archive'];
  return {
    what: 'bare Duplicity',
    names: DUPLICITY,
    once: () => secondsOf(() => shell(bench, script, mounts)),
    storedMb: () => sizeOf(bench, store),
  };
}

/** Megabytes of a folder of the helper volume on the device. */
async function sizeOf(bench: Bench, folder: string): Promise<number> {
  return (
    Number((await shell(bench, `du -sk /backups/${folder} | cut -f 1`, ['--volume', 'backups:/backups'])).trim()) / 1024
  );
}

/** In a container on the device as our runs are: the program is put into our image. */
function resticTool(bench: Bench, round: string): Tool {
  const store = `restic-${round}`;
  const program = join(bench.device.folder, 'data', 'restic');
  copyFileSync('/usr/bin/restic', program);
  const mounts = ['--volume', 'backups:/backups', '--volume', '/mnt/data/restic:/usr/bin/restic:ro'];
  const env = ['RESTIC_PASSWORD=x', `RESTIC_REPOSITORY=/backups/${store}`, `RESTIC_CACHE_DIR=/backups/${store}-cache`];
  const script = '[ -e "$RESTIC_REPOSITORY/config" ] || restic init -q; restic backup -q /data';
  return {
    what: 'restic',
    names: ['restic'],
    once: () => secondsOf(() => shell(bench, script, [...mounts, ...env.flatMap((each) => ['--env', each])])),
    storedMb: () => sizeOf(bench, store),
  };
}

/** On this machine, with the volume as it finds it: it needs a Python of its own. */
function borgTool({ lab, device }: Bench, round: string): Tool {
  const tree = device.volumePath('data');
  const folder = join(lab.folder, `borg-${round}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const repository = join(folder, 'borg');
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, BORG_PASSPHRASE: 'x', BORG_REPO: repository };
  let runs = 0;
  return {
    what: 'borg',
    names: ['borg'],
    once: () => {
      runs += 1;
      const script = `[ -e "$BORG_REPO" ] || borg init --encryption=repokey; borg create "::${String(runs)}" "$1"`;
      return secondsOf(() => runProgram('sh', ['-euc', script, 'bench', tree], { env }));
    },
    storedMb: async () => Number((await runProgram('du', ['-sk', repository])).split('\t')[0]) / 1024,
  };
}
