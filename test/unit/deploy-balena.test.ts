import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseByBalena } from '@balena/compose-parser';
import { normalize } from 'resin-compose-parse';
import { parse as parseYaml } from 'yaml';
import { SETTINGS_VARIABLES } from '../../src/model/variables';
import { version } from '../../src/version';
import { isRecord } from '../lab/odatarow';

jest.mock('child_process', () => {
  const { composeGo } = jest.requireActual<typeof import('../support/balenaparser')>('../support/balenaparser');
  return { ...jest.requireActual<object>('child_process'), ...composeGo() };
});

const ROOT = join(__dirname, '..', '..');
const COMPOSE = join(ROOT, 'docker-compose.yml');

function yamlOf(path: string): Readonly<Record<string, unknown>> {
  const value: unknown = parseYaml(readFileSync(join(ROOT, path), 'utf8'));
  if (!isRecord(value)) throw new Error(`${path} is no map`);
  return value;
}

describe('docker-compose.yml', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'balena-backup-compose-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** The file with another line in the first service. */
  function withLine(line: string): string {
    const file = join(folder, 'docker-compose.yml');
    writeFileSync(file, readFileSync(COMPOSE, 'utf8').replace('    build: .\n', `    build: .\n    ${line}\n`));
    return file;
  }

  test("is accepted by balena's present parser", async () => {
    const { services, volumes } = await parseByBalena(COMPOSE);
    expect(Object.keys(services)).toEqual(['orchestrator', 'collector']);
    expect(services['orchestrator']).toMatchObject({ build: { context: '.' }, volumes: ['data:/data', 'keys:/keys'] });
    expect(services['collector']).toMatchObject({ build: { context: 'collector' }, ports: ['54321:22'] });
    expect(Object.keys(volumes ?? {})).toEqual(['data', 'keys', 'backups', 'collector']);
  });

  test.each(['logging: { driver: local }', 'pull_policy: always', 'volumes: ["/etc:/etc"]', 'secrets: [a]'])(
    'would not be with %s',
    async (line) => {
      const file = withLine(line);
      if (line.startsWith('volumes')) {
        writeFileSync(file, readFileSync(file, 'utf8').replace(/ {4}volumes:\n {6}- data.*\n {6}- keys.*\n/, ''));
      }
      await expect(parseByBalena(file)).rejects.toThrow(/not allowed|cannot be of type/);
    },
  );

  test("is accepted by balena's former parser, which older versions of its command line have", () => {
    const { services } = normalize(yamlOf('docker-compose.yml'));
    expect(Object.keys(services)).toEqual(['orchestrator', 'collector']);
    expect(() => normalize({ ...yamlOf('docker-compose.yml'), services: { a: { build: '.', nosuch: 1 } } })).toThrow();
  });
});

describe('balena.yml', () => {
  const file = yamlOf('balena.yml');
  const data = isRecord(file['data']) ? file['data'] : {};
  const names = (list: unknown): readonly string[] =>
    Array.isArray(list) ? list.flatMap((entry: unknown) => (isRecord(entry) ? Object.keys(entry) : [])) : [];

  test('has all that the deploy button and the hub show', () => {
    expect(file).toMatchObject({ name: 'balena-backup', type: 'sw.application', version });
    for (const field of ['description', 'post-provisioning']) expect(String(file[field]).length).toBeGreaterThan(50);
    expect(file['assets']).toMatchObject({
      repository: { type: 'blob.asset', data: { url: expect.anything() as unknown } },
    });
  });

  test('can be deployed to its default device type', () => {
    expect(data['supportedDeviceTypes']).toContain(data['defaultDeviceType']);
  });

  test('asks for variables that there are, first of all for those without which nothing runs', () => {
    const asked = names(data['applicationEnvironmentVariables']);
    expect(asked.slice(0, 2)).toEqual(['CLI_API_KEY', 'PASSPHRASE']);
    expect(asked.filter((name) => !SETTINGS_VARIABLES.includes(name))).toEqual([]);
    expect(asked).toEqual([...new Set(asked)]);
  });

  test('has no key that balena does not know', () => {
    expect(Object.keys(file).sort()).toEqual(
      ['assets', 'data', 'description', 'name', 'post-provisioning', 'type', 'version'].sort(),
    );
    expect(Object.keys(data).sort()).toEqual([
      'applicationEnvironmentVariables',
      'defaultDeviceType',
      'supportedDeviceTypes',
    ]);
  });
});
