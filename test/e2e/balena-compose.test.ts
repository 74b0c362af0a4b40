import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from '../lab/host';
import { type Lab, startLab } from '../lab/lab';
import { type Deployment, deviceToBackUp, expectMainJob, idIn, variablesFor } from '../support/deployment';
import { ROOT } from '../support/docs';

let lab: Lab;

beforeAll(async () => {
  lab = await startLab({ orchestrator: true });
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

test('docker-compose.yml does the main job', async () => {
  const device = await deviceToBackUp(lab);
  const deployment = await onBalena(await lab.addHost('balena'));
  await expectMainJob(deployment, 'balena', lab, device);
  expect(await idIn(deployment, 'orchestrator')).toBe('1000');
});
