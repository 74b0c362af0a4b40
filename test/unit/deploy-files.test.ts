import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { beat } from '../../src/heartbeat';
import { imageOf } from '../../src/model/image';
import { SETTINGS_VARIABLES } from '../../src/model/variables';
import { version } from '../../src/version';
import { isRecord } from '../lab/odatarow';

const ROOT = join(__dirname, '..', '..');

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The value at a path of keys; undefined where there is none. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (each, key) => (typeof each === 'object' && each !== null ? Reflect.get(each, key) : undefined),
    value,
  );
}

function keysOf(value: unknown): readonly string[] {
  return isRecord(value) ? Object.keys(value) : [];
}

function isKnown(name: string): boolean {
  return SETTINGS_VARIABLES.includes(name.replace(/_FILE$/, ''));
}

test('the version is the same wherever it stands', () => {
  const places = {
    'package.json': at(JSON.parse(textOf('package.json')), 'version'),
    'package-lock.json': at(JSON.parse(textOf('package-lock.json')), 'version'),
    'balena.yml': at(parse(textOf('balena.yml')), 'version'),
    image: imageOf(version, 'small').split(':')[1],
  };
  for (const [place, found] of Object.entries(places)) expect([place, found]).toEqual([place, version]);
  for (const file of ['deploy/compose.yaml', 'deploy/kubernetes/balena-backup.yaml']) {
    const tags = [...textOf(file).matchAll(/image: balena-backup\/[a-z]+:(\S+)/g)].map(([, tag]) => tag);
    expect([file, ...new Set(tags)]).toEqual([file, version]);
  }
});

test('the compose file for any host sets nothing that the orchestrator does not know, and no secret', () => {
  const file: unknown = parse(textOf('deploy/compose.yaml'));
  const set = at(file, 'services', 'orchestrator', 'environment');
  expect(keysOf(set).filter((name) => !isKnown(name))).toEqual([]);
  expect(keysOf(set).every((name) => name.endsWith('_FILE'))).toBe(true);
  expect(keysOf(at(file, 'secrets'))).toEqual(at(file, 'services', 'orchestrator', 'secrets'));
  const settings = [...textOf('deploy/settings.env').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name ?? '');
  expect(settings.filter((name) => !isKnown(name))).toEqual([]);
});

test('the collector of the compose file is told its settings by a file of its own', () => {
  const services = at(parse(textOf('deploy/compose.yaml')), 'services');
  const files = ['orchestrator', 'collector'].map((service) => at(services, service, 'env_file'));
  expect(files).toEqual(['settings.env', 'collector.env']);
  const [, named = ''] = /([A-Z_]+)=/.exec(textOf('deploy/collector.env')) ?? [];
  expect(named).toMatch(/^COLLECTOR_/);
  expect(isKnown(named)).toBe(true);
});

describe('the Kubernetes manifest', () => {
  const parsed: readonly { toJS(): unknown }[] = parseAllDocuments(textOf('deploy/kubernetes/balena-backup.yaml'));
  const documents = parsed.map((document) => document.toJS());
  const ofKind = (kind: string): unknown => documents.find((document) => at(document, 'kind') === kind);
  const pod = at(ofKind('Deployment'), 'spec', 'template');
  const container = at(pod, 'spec', 'containers', 0);

  test('is of parts that fit each other', () => {
    expect(documents.map((document) => at(document, 'kind'))).toEqual([
      'Secret',
      'ConfigMap',
      'PersistentVolumeClaim',
      'Deployment',
    ]);
    expect(at(ofKind('Deployment'), 'spec', 'selector', 'matchLabels')).toEqual(at(pod, 'metadata', 'labels'));
    expect(at(container, 'envFrom')).toEqual([
      { configMapRef: { name: at(ofKind('ConfigMap'), 'metadata', 'name') } },
      { secretRef: { name: at(ofKind('Secret'), 'metadata', 'name') } },
    ]);
    expect(at(pod, 'spec', 'volumes')).toEqual([
      { name: 'state', persistentVolumeClaim: { claimName: at(ofKind('PersistentVolumeClaim'), 'metadata', 'name') } },
      { name: 'keys', emptyDir: {} },
    ]);
    expect(at(container, 'volumeMounts')).toEqual([
      { name: 'state', mountPath: '/data' },
      { name: 'keys', mountPath: '/keys' },
    ]);
  });

  test('never has two controllers on one ledger', () => {
    expect(at(ofKind('Deployment'), 'spec')).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  });

  test('sets nothing that the orchestrator does not know', () => {
    const names = [at(ofKind('Secret'), 'stringData'), at(ofKind('ConfigMap'), 'data')].flatMap(keysOf);
    expect(names.filter((name) => !isKnown(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['CLI_API_KEY', 'PASSPHRASE', 'BACKUP_URL']));
  });

  test('probes with a program that the image has', () => {
    expect(at(container, 'livenessProbe', 'exec', 'command')).toEqual(['healthy']);
    expect(textOf('Dockerfile')).toContain('PATH=/app/bin:$PATH');
  });
});

describe('the systemd unit', () => {
  const unit = textOf('deploy/systemd/balena-backup.service');

  test('sets nothing that the orchestrator does not know', () => {
    const names = [...unit.matchAll(/^Environment=(.*)$/gm)].flatMap(([, line = '']) =>
      line.split(' ').map((word) => word.split('=')[0] ?? ''),
    );
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !isKnown(name))).toEqual([]);
  });

  test('has commands beside it that run as its user, with its settings, secrets and state', () => {
    const script = textOf('deploy/systemd/balena-backup');
    const shared = /^(?:DynamicUser|StateDirectory|StateDirectoryMode|EnvironmentFile|LoadCredential)=.*$/gm;
    const given = [...script.matchAll(/--property=(\S+)/g)].map(([, property]) => property);
    // The name of a unit is that of its dynamic user.
    expect(given.toSorted()).toEqual(
      [...[...unit.matchAll(shared)].map(([line]) => line), 'User=balena-backup'].sort(),
    );
    const places = /^Environment=(STATE_DIR=\S+) (KEYS_DIR=\S+)$/m.exec(unit)?.slice(1) ?? [];
    expect(places).toHaveLength(2);
    for (const place of places) expect(script).toContain(`--setenv=${place} `);
    for (const [name] of unit.matchAll(/[A-Z_]+_FILE=%d\/\w+/g)) {
      expect(script).toContain(name.replace('%d', '${CREDENTIALS_DIRECTORY}'));
    }
    expect(script).toContain(`${/^ExecStart=(\S+) run$/m.exec(unit)?.[1] ?? 'no program'} "$@"`);
  });

  test('is not started again for ever with settings that are wrong', () => {
    expect(unit).toMatch(/^RestartPreventExitStatus=2$/m);
  });
});

describe('rights', () => {
  const COMPOSE = ['docker-compose.yml', 'deploy/compose.yaml'];
  const COLLECTOR = 'CHOWN DAC_OVERRIDE FOWNER KILL NET_BIND_SERVICE SETGID SETPCAP SETUID SYS_CHROOT'.split(' ');
  const services = (file: string): unknown => at(parse(textOf(file)), 'services');

  test.each(COMPOSE.flatMap((file) => keysOf(services(file)).map((service) => ({ file, service }))))(
    '$service of $file can write its volumes only, gains no right, and sees nothing of the host',
    ({ file, service }) => {
      const found = at(services(file), service);
      expect(found).toMatchObject({ read_only: true, security_opt: ['no-new-privileges'], cap_drop: ['ALL'] });
      const host = ['privileged', 'pid', 'ipc', 'network_mode', 'devices', 'userns_mode', 'cgroup_parent', 'labels'];
      expect(keysOf(found).filter((key) => host.includes(key))).toEqual([]);
      const volumes = at(found, 'volumes');
      for (const volume of Array.isArray(volumes) ? volumes : []) {
        expect(keysOf(at(parse(textOf(file)), 'volumes'))).toContain(String(volume).split(':')[0]);
      }
    },
  );

  test('are few: the collector has what it takes to serve as other users, the orchestrator none or one', () => {
    expect(COMPOSE.map((file) => at(services(file), 'collector', 'cap_add'))).toEqual([COLLECTOR, COLLECTOR]);
    expect(at(services('docker-compose.yml'), 'orchestrator', 'cap_add')).toBeUndefined();
    // To read files of secrets of any user of the host.
    expect(at(services('deploy/compose.yaml'), 'orchestrator')).toMatchObject({
      user: 'root',
      cap_add: ['DAC_OVERRIDE'],
    });
  });

  test('of root are not what the image of the orchestrator runs with', () => {
    const last =
      textOf('Dockerfile')
        .split(/^FROM /m)
        .at(-1) ?? '';
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/install -d -o node -g node -m 0700 \/data/);
    expect(at(services('docker-compose.yml'), 'orchestrator', 'user')).toBeUndefined();
  });

  test('on Kubernetes are those of a user', () => {
    const documents: readonly { toJS(): unknown }[] = parseAllDocuments(textOf('deploy/kubernetes/balena-backup.yaml'));
    const pod = at(
      documents.map((document) => document.toJS()).find((each) => at(each, 'kind') === 'Deployment'),
      ...['spec', 'template', 'spec'],
    );
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, fsGroupChangePolicy: 'OnRootMismatch' },
      containers: [
        {
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    });
  });

  test('on a plain machine are those of a user of its own', () => {
    const unit = textOf('deploy/systemd/balena-backup.service');
    for (const line of ['DynamicUser=yes', 'NoNewPrivileges=yes', 'ProtectSystem=strict', 'StateDirectoryMode=0700']) {
      expect(unit.split('\n')).toContain(line);
    }
  });
});

describe('the health check of the image', () => {
  let folder: string;
  let heartbeat: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'balena-backup-healthy-'));
    heartbeat = join(folder, 'alive');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const check = (): number | null =>
    spawnSync(join(ROOT, 'bin', 'healthy'), { env: { PATH: process.env['PATH'], HEARTBEAT: heartbeat } }).status;

  test('passes while the controller touches its file, and fails three minutes after it has stopped', () => {
    expect(check()).toBe(1);
    beat(heartbeat);
    expect(check()).toBe(0);
    const then = new Date(Date.now() - 180_000);
    utimesSync(heartbeat, then, then);
    expect(check()).toBe(1);
    beat(heartbeat);
    expect(check()).toBe(0);
  });

  test('that has nowhere to look stops no controller', () => {
    expect(() => {
      beat(join(heartbeat, 'below a file that is not there'));
    }).not.toThrow();
  });
});

describe('what the orchestrator is made of', () => {
  const lock: unknown = JSON.parse(textOf('package-lock.json'));
  const entries = at(lock, 'packages');
  const packages = isRecord(entries) ? Object.entries(entries).filter(([path]) => path !== '') : [];
  const shipped = packages.filter(([, entry]) => at(entry, 'dev') !== true && at(entry, 'optional') !== true);

  test('runs on every machine that balena has: no package of it is for some processors or systems only', () => {
    expect(shipped.length).toBeGreaterThan(50);
    const bound = shipped.filter(([, entry]) => at(entry, 'cpu') !== undefined || at(entry, 'os') !== undefined);
    expect(bound.map(([path]) => path)).toEqual([]);
  });

  test('needs no compiler: no package of it has a step of its own when it is installed', () => {
    const scripted = shipped.filter(([, entry]) => at(entry, 'hasInstallScript') === true);
    // ssh2 tries to build a faster cipher and goes without; its script is not run.
    expect(scripted.map(([path]) => path)).toEqual(['node_modules/ssh2', 'node_modules/es5-ext'].sort());
    const calls = [...textOf('Dockerfile').matchAll(/npm (?:ci|prune) .*/g)].map(([call]) => call);
    expect(calls).toHaveLength(2);
    expect(calls.filter((call) => !/--omit=optional .*--ignore-scripts/.test(call))).toEqual([]);
    expect(calls.at(-1)).toMatch(/--omit=dev/);
  });

  test.each([
    { file: 'Dockerfile', bases: ['node:22-trixie-slim'] },
    { file: 'collector/Dockerfile', bases: ['debian:trixie-slim'] },
    { file: 'deploy/duplicity/Dockerfile', bases: ['debian:trixie-slim'] },
  ])('$file stands on images that are made for arm64 and arm/v7 too', ({ file, bases }) => {
    const stages = [...textOf(file).matchAll(/^FROM (\S+)(?: AS (\S+))?/gm)];
    const own = stages.map(([, , stage]) => stage);
    const used = stages.map(([, base]) => base).filter((base) => !own.includes(base));
    expect([...new Set(used)]).toEqual(bases);
  });
});
