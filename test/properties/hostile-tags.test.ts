import { lineOf } from '../../src/log/lines';
import { jsonOf, textOf } from '../../src/log/render';
import type { Event } from '../../src/model/event';
import type { DesiredDevice } from '../../src/model/policy';
import { describePolicy } from '../../src/model/policytext';
import { resolveDesired } from '../../src/model/resolve';
import { aUuid, policyIn, tagsOf } from '../support/desired';
import { hostileValues } from '../support/hostile';
import { enabledWith, GOOD_TAGS, secretSettings, TAGS } from '../support/taggeddevice';

const innocent = enabledWith({ backupUrl: 'sftp://host//other/$UUID' }, { uuid: aUuid(2), name: 'innocent' });
const [untouched] = resolveDesired([innocent], secretSettings);

/** How the value of the tag is taken, on the device itself and on its fleet. */
function resolvedWith(tag: string, value: string): readonly DesiredDevice[] {
  const own = enabledWith({ [tag]: value });
  const byFleet = enabledWith({}, { uuid: aUuid(3), fleet: { id: 7, slug: 'o/f', tags: tagsOf({ [tag]: value }) } });
  return resolveDesired([own, innocent, byFleet], secretSettings);
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
  const values = hostileValues(GOOD_TAGS[tag]);
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
