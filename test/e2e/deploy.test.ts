import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import type { LabHost } from '../lab/host';
import { type Lab, startLab } from '../lab/lab';
import { backUpBy, type Deployment, logged, stateOf, variablesFor } from '../support/deployment';
import { restoreWithDuplicity } from '../support/duplicity';
import { treeOf } from '../support/tree';
import { until } from '../support/wait';

const ROOT = join(__dirname, '..', '..');
const VERSION = String(Reflect.get(Object(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))), 'version'));

let lab: Lab;
let device: LabDevice;

beforeAll(async () => {
  lab = await startLab({ orchestrator: true });
  // The host's own collector is the one to be used.
  await lab.server.stopCollector();
  const fleet = lab.addFleet({ name: 'home' });
  device = await lab.addDevice({ fleet, name: 'kitchen', tags: { backupEnabled: 'true', backupSchedule: '@monthly' } });
  await device.seedVolume('data');
});

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

/** deploy/compose.yaml as README.md says: settings in a file, secrets in files of their own. */
async function onAnyHost(host: LabHost): Promise<Deployment> {
  for (const service of ['orchestrator', 'collector']) {
    await host.engine.docker(['tag', `${service}:lab`, `balena-backup/${service}:${VERSION}`]);
  }
  const folder = join(lab.folder, 'checkout', 'deploy');
  cpSync(join(ROOT, 'deploy'), folder, { recursive: true });
  mkdirSync(join(lab.folder, 'checkout', 'collector'));
  const { CLI_API_KEY = '', PASSPHRASE = '', BACKUP_URL, ...others } = variablesFor(lab, host);
  mkdirSync(join(folder, 'secrets'), { mode: 0o700 });
  writeFileSync(join(folder, 'secrets', 'cli_api_key'), `${CLI_API_KEY}\n`);
  writeFileSync(join(folder, 'secrets', 'passphrase'), `${PASSPHRASE}\n`);
  const settings = readFileSync(join(folder, 'settings.env'), 'utf8').replace('@HOST:', `@${host.address}:`);
  expect(settings).toContain(`BACKUP_URL='${String(BACKUP_URL)}'\n`);
  const more = Object.entries(others).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(join(folder, 'settings.env'), `${settings}${more.join('')}`);
  return { host, args: ['--project-name', 'anywhere', '--file', join(folder, 'compose.yaml')] };
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
  { name: 'deploy/compose.yaml', project: 'anywhere', prepare: onAnyHost },
])('$name', ({ project, prepare }) => {
  it('does the main job, says that it is well, stops in order and goes on where it was', async () => {
    const deployment = await prepare(await lab.addHost(project));
    const { host, args } = deployment;
    await host.compose([...args, 'up', '--detach', '--no-build']);
    await logged(deployment, 'the device to be seen', (line) => line['event'] === 'device.policy.accepted');

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
