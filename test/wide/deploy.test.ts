import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from '../../src/version';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import type { LabHost } from '../lab/host';
import { type Lab, startLab } from '../lab/lab';
import { backUpBy, type Deployment, logged, stateOf, variablesFor } from '../support/deployment';
import { commandsUnder, ROOT } from '../support/docs';
import { restoreWithDuplicity } from '../support/duplicity';
import { treeOf } from '../support/tree';
import { until } from '../support/wait';

let lab: Lab;
let device: LabDevice;

beforeAll(async () => {
  lab = await startLab({ orchestrator: true });
  // The host's own collector is the one to be used.
  await lab.server.stopCollector();
  const fleet = lab.addFleet({ name: 'home' });
  device = await lab.addDevice({ fleet, name: 'kitchen', tags: { backupEnabled: 'true', backupSchedule: '@monthly' } });
  await device.seedVolume('data');
  // The image of the orchestrator takes its time where it was not built before.
}, 900_000);

afterAll(async () => {
  await lab.stop();
});

/** docker-compose.yml as balena's supervisor runs it: images that were built before, the fleet's variables put in. */
async function onBalena(host: LabHost): Promise<Deployment> {
  for (const service of ['orchestrator', 'collector']) {
    // docker-compose 1 and 2 name what they build in different ways.
    for (const name of [`balena_${service}`, `balena-${service}`]) {
      await host.engine.docker(['tag', `${service}:lab`, name]);
    }
  }
  const file = join(lab.folder, 'variables.json');
  const services = { orchestrator: { environment: variablesFor(lab, host) } };
  writeFileSync(
    file,
    JSON.stringify({ version: '2.4', services }).replaceAll('$', () => '$$'),
  );
  return { host, args: ['--project-name', 'balena', '--file', join(ROOT, 'docker-compose.yml'), '--file', file] };
}

/** deploy/compose.yaml, by the commands of README.md; a person's typing and the lab's own settings come in between. */
async function onAnyHost(host: LabHost): Promise<Deployment> {
  for (const service of ['orchestrator', 'collector']) {
    await host.engine.docker(['tag', `${service}:lab`, `balena-backup/${service}:${version}`]);
  }
  const folder = join(lab.folder, 'checkout', 'deploy');
  cpSync(join(ROOT, 'deploy'), folder, { recursive: true, filter: (path) => !path.endsWith('/secrets') });
  mkdirSync(join(folder, '..', 'collector'));
  const deployment = { host, args: ['--project-name', 'deploy', '--file', join(folder, 'compose.yaml')] };
  const [enter, ...lines] = commandsUnder('README.md', 'On any Docker host');
  expect(enter).toBe('cd deploy');
  for (const line of lines) {
    if (line.includes(' up ')) addSettings(join(folder, 'settings.env'), host);
    if (line.includes(' exec ')) await isUp(deployment);
    await host.sh(line.replace('192.0.2.10', host.address), { cwd: folder, input: `${typedFor(line)}\n` });
  }
  return deployment;
}

/** What a person types, or pastes. */
function typedFor(line: string): string {
  const { CLI_API_KEY = '', PASSPHRASE = '' } = lab.environment();
  return line.includes('cli_api_key') ? CLI_API_KEY : line.includes('passphrase') ? PASSPHRASE : '';
}

function addSettings(file: string, host: LabHost): void {
  const variables = Object.entries(variablesFor(lab, host));
  const lines = variables.map(([name, value]) => `${name}='${value}'\n`);
  const written = readFileSync(file, 'utf8');
  expect(lines.filter((line) => written.includes(`\n${line}`)).join('')).toMatch(/^BACKUP_URL=/);
  appendFileSync(file, lines.filter((line) => !/^(BACKUP_URL|CLI_API_KEY|PASSPHRASE)=/.test(line)).join(''));
}

async function isUp(deployment: Deployment): Promise<void> {
  await logged(deployment, 'the device to be seen', (line) => line['event'] === 'device.policy.accepted');
}

/** What differs between the device's volume and what plain Duplicity restores from the collector's volume. */
function differences({ host }: Deployment, project: string): readonly string[] {
  const store = join(lab.folder, host.name, 'data', 'volumes', `${project}_backups`, '_data', device.uuid);
  const restored = restoreWithDuplicity(store, lab.passphrase);
  try {
    return differencesOf(treeOf(device.volumePath('data')), treeOf(join(restored.folder, 'data')));
  } finally {
    restored.remove();
  }
}

describe.each([
  { name: 'docker-compose.yml', project: 'balena', prepare: onBalena },
  { name: 'deploy/compose.yaml', project: 'deploy', prepare: onAnyHost },
])('$name', ({ project, prepare }) => {
  it('does the main job, says that it is well, stops in order and goes on where it was', async () => {
    const deployment = await prepare(await lab.addHost(project));
    const { host, args } = deployment;
    await host.compose([...args, 'up', '--detach', '--no-build']);
    await isUp(deployment);

    expect(await backUpBy(deployment, lab, device, `${project}-first`)).toMatchObject({
      event: 'run.succeeded',
      mode: 'full',
    });
    expect(differences(deployment, project)).toEqual([]);
    for (const service of ['orchestrator', 'collector']) {
      const health = (): Promise<string> => stateOf(deployment, service, '.State.Health.Status');
      await until(`${service} to be well`, async () => ((await health()) === 'healthy' ? true : null));
    }
    await host.compose([...args, 'exec', '-T', 'orchestrator', 'balena-backup', 'resync']);

    await host.compose([...args, 'stop', 'orchestrator']);
    expect(await stateOf(deployment, 'orchestrator', '.State.ExitCode')).toBe('0');
    await host.compose([...args, 'up', '--detach', '--no-build']);
    await device.putFiles('data', { 'after the restart': project });
    expect(await backUpBy(deployment, lab, device, `${project}-second`)).toMatchObject({ mode: 'incremental' });
    expect(differences(deployment, project)).toEqual([]);
    await host.compose([...args, 'down', '--volumes']);
  });
});

test('the unit for a plain machine is one that systemd takes', () => {
  const unit = readFileSync(join(ROOT, 'deploy', 'systemd', 'balena-backup.service'), 'utf8');
  const file = join(lab.folder, 'balena-backup.service');
  // The checkout's own path may have blanks in it.
  const place = join(lab.folder, 'opt');
  symlinkSync(ROOT, place);
  writeFileSync(file, unit.replaceAll('/opt/balena-backup', place));

  const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
