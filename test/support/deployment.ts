import type { LabDevice } from '../lab/device';
import type { LabHost } from '../lab/host';
import type { Lab } from '../lab/lab';
import type { LogLine } from './controller';
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
