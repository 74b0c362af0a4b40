import { startController } from '../test/support/controller';
import { join } from 'node:path';
import { type Bench, type Row, shell } from './speed';

const SECONDS = 8;

/** Each prints how often it got round in its time. All cores are kept busy; writes go to the disk at once. */
const FOREGROUND = {
  'CPU-bound': `
import hashlib, multiprocessing, time
def work(_):
    end, rounds, block = time.monotonic() + ${String(SECONDS)}, 0, bytes(65536)
    while time.monotonic() < end:
        hashlib.sha256(block).digest()
        rounds += 1
    return rounds
cores = multiprocessing.cpu_count()
print(sum(multiprocessing.Pool(cores).map(work, range(cores))))
`,
  'disk-bound': `
import os, time
end, rounds, block = time.monotonic() + ${String(SECONDS)}, 0, os.urandom(16384)
file = os.open('/data/foreground', os.O_CREAT | os.O_WRONLY | os.O_DSYNC)
while time.monotonic() < end:
    os.pwrite(file, block, (rounds % 256) * 16384)
    rounds += 1
print(rounds)
`,
} as const;

type Kind = keyof typeof FOREGROUND;

async function rounds(bench: Bench, kind: Kind): Promise<number> {
  // What a backup reads comes from the disk, as on a device that has other things in its memory.
  await bench.device.sh('sync; echo 3 > /proc/sys/vm/drop_caches');
  return Number(await shell(bench, `python3 -c "$CODE"`, ['--env', `CODE=${FOREGROUND[kind]}`]));
}

/** How much slower a foreground program gets while a backup runs, in per cent: with our limits, and by bare Duplicity. */
export async function impactRows(bench: Bench): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const kind of ['CPU-bound', 'disk-bound'] as const) {
    const alone = await rounds(bench, kind);
    const beside = await besideOurs(bench, kind);
    const bare = await besideBare(bench, kind);
    const again = await rounds(bench, kind);
    const usual = (alone + again) / 2;
    const slower = (figure: number): number => (1 - figure / usual) * 100;
    rows.push({
      what: `${kind} program beside a backup`,
      figures: {
        'slower by % with our limits': slower(beside),
        'slower by % without': slower(bare),
        'spread of it alone %': (Math.abs(alone - again) / usual) * 100,
      },
    });
  }
  return rows;
}

async function besideOurs(bench: Bench, kind: Kind): Promise<number> {
  const { lab, device } = bench;
  const name = `impact-${kind.slice(0, 3)}`;
  const controller = startController(
    lab.environment({
      STATE_DIR: join(lab.folder, name),
      BACKUP_URL: `file:///backups/${name}`,
      BACKUP_SCHEDULE: '@monthly',
    }),
  );
  try {
    await controller.waitFor('the device', (line) => line['event'] === 'device.policy.accepted');
    lab.setTag(device, 'backupRequest', name);
    controller.signal('SIGHUP');
    await controller.waitFor('the run', (line) => line['phase'] === 'running' && line['slot'] === `request:${name}`);
    const figure = await rounds(bench, kind);
    await controller.waitFor(
      'its end',
      (line) => line['event'] === 'run.succeeded' && line['slot'] === `request:${name}`,
    );
    return figure;
  } finally {
    await controller.stop();
  }
}

async function besideBare(bench: Bench, kind: Kind): Promise<number> {
  const { lab, device } = bench;
  const script =
    'mkdir -m 0700 /tmp/g; while :; do rm -rf /tmp/a /tmp/b; GNUPGHOME=/tmp/g PASSPHRASE=x duplicity full --archive-dir=/tmp/a /data file:///tmp/b; done';
  const volume = `${String(device.fleetId)}_data:/data:ro`;
  await device.docker([
    'run',
    '--detach',
    '--name',
    'bare',
    '--volume',
    volume,
    '--entrypoint',
    'sh',
    lab.server.duplicityImage,
    '-c',
    script,
  ]);
  try {
    return await rounds(bench, kind);
  } finally {
    await device.docker(['rm', '--force', 'bare']);
  }
}
