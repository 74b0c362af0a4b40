import { lineOf } from '../../src/log/lines';
import { jsonOf, textOf } from '../../src/log/render';
import type { Device } from '../../src/model/device';
import type { Event } from '../../src/model/event';
import type { DesiredDevice } from '../../src/model/policy';
import { describePolicy } from '../../src/model/policytext';
import { resolveDesired } from '../../src/model/resolve';
import { backupScriptOf } from '../support/backupscript';
import { aDevice, aUuid, policyIn, tagsOf } from '../support/desired';
import { hostileValues } from '../support/hostile';
import { settingsOf } from '../support/settings';
import { StubbedHost } from '../support/stubbedhost';

const SECRETS = {
  CLI_API_KEY: 'marked-api-key',
  PASSPHRASE: 'marked-passphrase',
  FTP_PASSWORD: 'marked-ftp-password',
  IMAP_PASSWORD: 'marked-imap-password',
  AWS_SECRET_ACCESS_KEY: 'marked-aws-key',
  AWS_ACCESS_KEY_ID: 'marked-aws-id',
  BALENA_API_KEY: 'marked-device-key',
};
const settings = settingsOf({ environment: new Map(Object.entries(SECRETS)) });

/** A good value of each tag, beside which hostile ones are tried. */
const GOOD = {
  backupEnabled: 'true',
  backupUrl: 'rsync://root@host:54321//backups/$UUID',
  backupVolumes: 'data',
  backupSchedule: '0 0 * * *',
  backupTimezone: 'UTC',
  backupFullEvery: '30D',
  backupKeepFull: '3',
  backupBandwidth: '500K',
  backupRequest: '2026-11-25',
  backupAddress: '10.0.0.1',
} as const;
const TAGS = Object.keys(GOOD) as readonly (keyof typeof GOOD)[];

function device(tags: Readonly<Record<string, string>>, over: Partial<Device> = {}): Device {
  return aDevice({ tags: tagsOf({ backupEnabled: 'true', ...tags }), ...over });
}

const innocent = device({ backupUrl: 'sftp://host//other/$UUID' }, { uuid: aUuid(2), name: 'innocent' });
const [untouched] = resolveDesired([innocent], settings);

/** How the value of the tag is taken, on the device itself and on its fleet. */
function resolvedWith(tag: string, value: string): readonly DesiredDevice[] {
  const own = device({ [tag]: value });
  const byFleet = device({}, { uuid: aUuid(3), fleet: { id: 7, slug: 'o/f', tags: tagsOf({ [tag]: value }) } });
  return resolveDesired([own, innocent, byFleet], settings);
}

function eventsOf(desired: DesiredDevice): readonly Event[] {
  const {
    device: { uuid, name },
    desire,
  } = desired;
  const about = { device: { uuid, name } };
  switch (desire.kind) {
    case 'enabled':
      return [{ event: 'device.policy.accepted', ...about, summary: describePolicy(policyIn(desired)) }];
    case 'rejected':
      return [{ event: 'device.policy.rejected', ...about, problems: desire.problems }];
    case 'not-enabled':
      return [{ event: 'device.policy.dropped', ...about, problem: desire.problem }];
  }
}

const shown = (event: Event): readonly string[] => {
  const stamped = { line: lineOf(event), at: new Date(0) };
  const asItIs = (text: string): string => text;
  return [textOf(stamped, asItIs, false), jsonOf(stamped, asItIs)];
};

const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
describe.each(TAGS)('hostile values of %s', (tag) => {
  const values = hostileValues(GOOD[tag]);
  const answers = values.map((value) => ({ value, desired: resolvedWith(tag, value) }));

  test('are at least 200, and each gives every device an answer', () => {
    expect(values.length).toBeGreaterThanOrEqual(200);
    for (const { desired } of answers) expect(desired).toHaveLength(3);
  });

  test('change nothing for another device', () => {
    for (const { desired } of answers) expect(desired[1]).toEqual(untouched);
  });

  test('are told on one line, without characters that steer a terminal, and without a secret', () => {
    for (const { desired } of answers) {
      for (const line of desired.flatMap(eventsOf).flatMap(shown)) {
        expect(line).not.toMatch(UNSAFE);
        expect(line).not.toMatch(/marked-/);
      }
    }
  });

  test('put no secret into a URL or an option, and only safe words', () => {
    for (const { desired } of answers) {
      for (const each of desired) {
        if (each.desire.kind !== 'enabled') continue;
        const { url, options } = policyIn(each).target.value;
        for (const word of [url, ...options]) {
          expect(word).not.toMatch(/marked-/);
          expect(word).toMatch(/^[\x21-\x7e]*$/);
        }
        expect(url).toMatch(/^[a-z0-9+]+:\/\//);
        for (const option of options) expect(option).toMatch(/^--[a-z0-9][a-z0-9-]*(=|$)/);
      }
    }
  });
});

describe('values that are accepted', () => {
  const host = new StubbedHost();

  afterAll(() => {
    host.remove();
  });

  test.each(TAGS.filter((tag) => tag !== 'backupEnabled'))(
    'of %s are words on the device, whatever is in them',
    async (tag) => {
      const accepted = hostileValues(GOOD[tag]).flatMap((value) => {
        const [first] = resolvedWith(tag, value);
        return first?.desire.kind === 'enabled' ? [{ device: first.device, policy: policyIn(first) }] : [];
      });
      const some = accepted.filter((_, index) => index % Math.ceil(accepted.length / 8) === 0);

      for (const { device: of, policy } of some) {
        const script = await backupScriptOf(of, policy, settings);
        const { run, duplicity, wasInjected } = host.play(script);

        expect(wasInjected).toBe(false);
        expect(script).not.toMatch(/marked-/);
        const volumes = policy.volumes.value;
        if (volumes.kind === 'named' && !volumes.names.every((name) => StubbedHost.volumes.includes(name))) {
          expect(run).toEqual([]);
          continue;
        }
        const request = policy.request?.value;
        expect(run).toContain(`balena-backup.slot=${request === undefined ? slotOf() : `request:${request}`}`);
        expect(run.filter((word) => word.startsWith('1234_'))).toEqual(
          volumes.kind === 'all'
            ? ['1234_any', '1234_data', '1234_other'].map(mounted)
            : volumes.names.map((name) => mounted(`1234_${name}`)),
        );
        expect(duplicity).toContain(policy.target.value.url);
        for (const option of policy.target.value.options) expect(duplicity).toContain(option);
      }
    },
    60_000,
  );

  test.each([
    { name: 'a device name', over: { name: `$(touch canary-of-an-injection)'\n;\u001b[2J` } },
    {
      name: 'a fleet',
      over: { fleet: { id: 1234, slug: "';touch canary-of-an-injection;'", tags: new Map<string, string>() } },
    },
  ])('$name from the API never reaches a shell', async ({ over }) => {
    const [first] = resolveDesired([device({}, over)], settings);
    if (first?.desire.kind !== 'enabled') throw new Error('this device is to be enabled');

    const { run, wasInjected } = host.play(await backupScriptOf(first.device, policyIn(first), settings));

    expect(run).not.toHaveLength(0);
    expect(wasInjected).toBe(false);
  });

  test('a volume named any is one volume', async () => {
    const [first] = resolveDesired([device({ backupVolumes: 'any' })], settings);
    if (first?.desire.kind !== 'enabled') throw new Error('this device is to be enabled');

    const { run } = host.play(await backupScriptOf(first.device, policyIn(first), settings));

    expect(run.filter((word) => word.startsWith('1234_'))).toEqual([mounted('1234_any')]);
  });
});

function slotOf(): string {
  return new Date(0).toISOString();
}

function mounted(volume: string): string {
  return `${volume}:/volumes/${volume.slice('1234_'.length)}:ro`;
}
