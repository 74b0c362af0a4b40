import { join } from 'node:path';
import { differencesOf } from '../demo/proofs';
import type { LabDevice } from '../lab/device';
import type { LabHost } from '../lab/host';
import type { Lab } from '../lab/lab';
import type { LogLine } from './controller';
import { restoreWithDuplicity } from './duplicity';
import { treeOf } from './tree';
import { until } from './wait';

/** What people bring up on a host: the services of one compose project. */
export interface Deployment {
  readonly host: LabHost;
  /** `--project-name` and `--file` of every call. */
  readonly args: readonly string[];
}

/** The container of a service. */
export async function containerOf({ host, args }: Deployment, service: string): Promise<string> {
  const id = (await host.compose([...args, 'ps', '--all', '--quiet', service])).trim();
  if (id === '') throw new Error(`there is no container of ${service}`);
  return id;
}

/** The user that a command in the service's container runs as, by number. */
export async function idIn({ host, args }: Deployment, service: string): Promise<string> {
  return (await host.compose([...args, 'exec', '-T', service, 'id', '-u'])).trim();
}

/** A field of its state, for example `.State.Health.Status`. */
export async function stateOf(deployment: Deployment, service: string, field: string): Promise<string> {
  const id = await containerOf(deployment, service);
  return (await deployment.host.engine.docker(['inspect', '--format', `{{${field}}}`, id])).trim();
}

/** The first line of the orchestrator's log that passes; rejects with the log's end when it does not come. */
export async function logged(
  deployment: Deployment,
  what: string,
  passes: (line: LogLine) => boolean,
): Promise<LogLine> {
  let text = '';
  try {
    return await until(
      what,
      async () => {
        text = await deployment.host.compose([
          ...deployment.args,
          'logs',
          '--no-color',
          '--no-log-prefix',
          'orchestrator',
        ]);
        return linesOf(text).find(passes);
      },
      120_000,
    );
  } catch (error) {
    throw new Error(`${what} did not come; the log ends with\n${text.slice(-4000)}`, { cause: error });
  }
}

function linesOf(text: string): readonly LogLine[] {
  return text.split('\n').flatMap((line): readonly LogLine[] => {
    if (!line.startsWith('{')) return [];
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? [Object.fromEntries(Object.entries(value))] : [];
  });
}

/** The lab's variables for an orchestrator in a container of that host, whose collector stands beside it. */
export function variablesFor(lab: Lab, host: LabHost): Readonly<Record<string, string>> {
  const { STATE_DIR, KEYS_DIR, NODE_EXTRA_CA_CERTS, ...variables } = lab.environment({
    BACKUP_URL: `rsync://root@${host.address}:54321//backups/$UUID`,
    RECONCILE_INTERVAL: '2s',
    LOG_FORMAT: 'json',
  });
  if ([STATE_DIR, KEYS_DIR, NODE_EXTRA_CA_CERTS].includes(undefined))
    throw new Error('the lab has other variables now');
  return variables;
}

/** Has one backup made, and gives the line that says how it ended. */
export async function backUpBy(deployment: Deployment, lab: Lab, device: LabDevice, token: string): Promise<LogLine> {
  lab.setTag(device, 'backupRequest', token);
  return logged(
    deployment,
    `the end of the run for ${token}`,
    (line) => line['slot'] === `request:${token}` && ['run.succeeded', 'run.failed'].includes(String(line['event'])),
  );
}

/** The orchestrator has seen the device. */
export async function isUp(deployment: Deployment): Promise<void> {
  await logged(deployment, 'the device to be seen', (line) => line['event'] === 'device.policy.accepted');
}

/**
 * The whole of what a deployment is for: it backs the device's volume `data` up, so that plain Duplicity restores it, says
 * that it is well, stops in order, and goes on where it was.
 */
export async function expectMainJob(
  deployment: Deployment,
  project: string,
  lab: Lab,
  device: LabDevice,
): Promise<void> {
  const { host, args } = deployment;
  await host.compose([...args, 'up', '--detach', '--no-build']);
  await isUp(deployment);
  expect(await backUpBy(deployment, lab, device, `${project}-first`)).toMatchObject({
    event: 'run.succeeded',
    mode: 'full',
  });
  await host.compose([...args, 'exec', '-T', 'orchestrator', 'balena-backup', 'resync']);
  await host.compose([...args, 'stop', 'orchestrator']);
  expect(await stateOf(deployment, 'orchestrator', '.State.ExitCode')).toBe('0');

  await host.compose([...args, 'up', '--detach', '--no-build']);
  await device.putFiles('data', { 'after the restart': project });
  expect(await backUpBy(deployment, lab, device, `${project}-second`)).toMatchObject({
    event: 'run.succeeded',
    mode: 'incremental',
  });
  const store = join(lab.folder, host.name, 'data', 'volumes', `${project}_backups`, '_data', device.uuid);
  expect(differences(store, device, lab.passphrase)).toEqual([]);
  for (const service of ['orchestrator', 'collector']) {
    const health = (): Promise<string> => stateOf(deployment, service, '.State.Health.Status');
    await until(`${service} to be well`, async () => ((await health()) === 'healthy' ? true : null));
  }
}

/** What differs between the device's volume and what plain Duplicity restores. */
function differences(store: string, device: LabDevice, passphrase: string): readonly string[] {
  const restored = restoreWithDuplicity(store, passphrase);
  try {
    return differencesOf(treeOf(device.volumePath('data')), treeOf(join(restored.folder, 'data')));
  } finally {
    restored.remove();
  }
}

/** A device with something to lose, in a lab whose own collector gives way to the one that is deployed. */
export async function deviceToBackUp(lab: Lab): Promise<LabDevice> {
  await lab.server.stopCollector();
  const fleet = lab.addFleet({ name: 'home' });
  const tags = { backupEnabled: 'true', backupSchedule: '@monthly' };
  const device = await lab.addDevice({ fleet, name: 'kitchen', tags });
  await device.seedVolume('data');
  return device;
}
