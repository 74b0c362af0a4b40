import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from '../../src/version';
import type { LabHost } from '../lab/host';
import { type Lab, startLab } from '../lab/lab';
import { type Deployment, deviceToBackUp, expectMainJob, isUp, variablesFor } from '../support/deployment';
import { commandsUnder, ROOT } from '../support/docs';

let lab: Lab;

beforeAll(async () => {
  lab = await startLab({ orchestrator: true });
  // The image of the orchestrator takes its time where it was not built before.
}, 900_000);

afterAll(async () => {
  await lab.stop();
});

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

test('deploy/compose.yaml does the main job, by the commands of README.md', async () => {
  const device = await deviceToBackUp(lab);
  await expectMainJob(await onAnyHost(await lab.addHost('deploy')), 'deploy', lab, device);
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
