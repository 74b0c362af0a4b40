import { resolveDesired } from '../../src/model/resolve';
import { backupScriptOf } from '../support/backupscript';
import { policyIn } from '../support/desired';
import { hostileValues } from '../support/hostile';
import { StubbedHost } from '../support/stubbedhost';
import { enabledWith, GOOD_TAGS, secretSettings, TAGS } from '../support/taggeddevice';

describe('values that are accepted', () => {
  const host = new StubbedHost();

  afterAll(() => {
    host.remove();
  });

  test.each(TAGS.filter((tag) => tag !== 'backupEnabled'))(
    'of %s are words on the device, whatever is in them',
    async (tag) => {
      const accepted = hostileValues(GOOD_TAGS[tag]).flatMap((value) => {
        const [first] = resolveDesired([enabledWith({ [tag]: value })], secretSettings);
        return first?.desire.kind === 'enabled' ? [{ device: first.device, policy: policyIn(first) }] : [];
      });
      const some = accepted.filter((_, index) => index % Math.ceil(accepted.length / 8) === 0);

      for (const { device: of, policy } of some) {
        const script = await backupScriptOf(of, policy, secretSettings);
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
    const [first] = resolveDesired([enabledWith({}, over)], secretSettings);
    if (first?.desire.kind !== 'enabled') throw new Error('this device is to be enabled');

    const { run, wasInjected } = host.play(await backupScriptOf(first.device, policyIn(first), secretSettings));

    expect(run).not.toHaveLength(0);
    expect(wasInjected).toBe(false);
  });

  test('a volume named any is one volume', async () => {
    const [first] = resolveDesired([enabledWith({ backupVolumes: 'any' })], secretSettings);
    if (first?.desire.kind !== 'enabled') throw new Error('this device is to be enabled');

    const { run } = host.play(await backupScriptOf(first.device, policyIn(first), secretSettings));

    expect(run.filter((word) => word.startsWith('1234_'))).toEqual([mounted('1234_any')]);
  });
});

function slotOf(): string {
  return new Date(0).toISOString();
}

function mounted(volume: string): string {
  return `${volume}:/volumes/${volume.slice('1234_'.length)}:ro`;
}
