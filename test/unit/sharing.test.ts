import type { Device } from '../../src/model/device';
import { createResolver } from '../../src/model/resolve';
import { sameList, sharerWith } from '../../src/model/sharing';
import { aDevice, aFleet, aUuid, policyIn, tagsOf } from '../support/desired';
import { given, policyDefaultsOf, settingsOf } from '../support/settings';

const defaults = policyDefaultsOf({ url: given('BACKUP_URL', 'sftp://$UUID@host//backups/$UUID') });

/** Two devices of one fleet, made anew as each answer of the API makes them. */
function answer(over: Partial<Device> = {}, fleet = aFleet({ tags: tagsOf({ backupEnabled: 'true' }) })): Device[] {
  const tags = tagsOf({ backupSchedule: '0 3 * * *' });
  return [aDevice({ fleet, tags, ...over }), aDevice({ uuid: aUuid(2), fleet: { ...fleet }, tags: new Map(tags) })];
}

/** The answer as a reader keeps it that knows the one before. */
function sharedWith(before: readonly Device[], now: readonly Device[]): readonly Device[] {
  return sameList(before, now.map(sharerWith(before)));
}

describe('what two answers of the API share', () => {
  it('is everything, the list itself included, where they say the same', () => {
    const before = sharedWith([], answer());

    expect(sharedWith(before, answer())).toBe(before);
  });

  it.each([
    { name: 'another name', over: { name: 'renamed' } },
    { name: 'a tag more', over: { tags: tagsOf({ backupSchedule: '0 3 * * *', backupRequest: 'now' }) } },
    { name: 'a tag of another value', over: { tags: tagsOf({ backupSchedule: '0 4 * * *' }) } },
    { name: 'a tag of another name', over: { tags: tagsOf({ backupVolumes: '0 3 * * *' }) } },
    { name: 'no link', over: { connected: false } },
  ])('$name is news of that device alone', ({ over }) => {
    const before = sharedWith([], answer());
    const shared = sharedWith(before, answer(over));

    expect(shared[0]).toEqual(answer(over)[0]);
    expect(shared[0]).not.toBe(before[0]);
    expect(shared[1]).toBe(before[1]);
  });

  it("a fleet's tag is news of all its devices", () => {
    const changed = aFleet({ tags: tagsOf({ backupEnabled: 'false' }) });
    const before = sharedWith([], answer());
    const shared = sharedWith(before, answer({}, changed));

    expect(shared).toEqual(answer({}, changed));
    expect(shared[0]?.fleet).toBe(shared[1]?.fleet);
    expect(shared[0]?.tags).toBe(before[0]?.tags);
  });

  it('a device that is gone, one that is new, and another order are seen', () => {
    const before = answer();
    const [first, second] = answer();
    if (first === undefined || second === undefined) throw new Error('there are two');

    expect(sharedWith(before, [first])).toEqual([first]);
    expect(sharedWith(sharedWith([], before), [first])).toHaveLength(1);
    expect(sharedWith([first], before)).toHaveLength(2);
    expect(sharedWith(before, [second, first])).toEqual([second, first]);
    expect(sharedWith([], before)).toEqual(before);
  });
});

describe('a resolver', () => {
  it('reads tags again only where they are not the very same', () => {
    const resolve = createResolver(settingsOf());
    const [first, second] = answer();
    if (first === undefined || second === undefined) throw new Error('there are two');
    const before = resolve([first, second]);
    const after = resolve([
      { ...first, connected: false },
      { ...second, tags: tagsOf({ backupSchedule: 'never' }) },
    ]);

    expect(after[0]).toEqual({ device: { ...first, connected: false }, desire: before[0]?.desire });
    expect(after[0]?.desire).toBe(before[0]?.desire);
    expect(after[1]?.desire.kind).toBe('rejected');
  });

  it("reads the tags of a device again whose fleet's have changed, though its own have not", () => {
    const resolve = createResolver(settingsOf());
    const [first] = answer();
    if (first === undefined) throw new Error('there are two');
    resolve([first]);
    const fleet = aFleet({ tags: tagsOf({ backupEnabled: 'true', backupVolumes: 'data' }) });

    expect(policyIn(resolve([{ ...first, fleet }])[0]).volumes.value).toEqual({ kind: 'named', names: ['data'] });
    expect(resolve([{ ...first, fleet: aFleet() }])[0]?.desire.kind).toBe('not-enabled');
  });

  it('knows each device by its UUID, in whatever order and however often the API lists it', () => {
    const resolve = createResolver(settingsOf());
    const [first, second] = answer();
    if (first === undefined || second === undefined) throw new Error('there are two');
    const third = { ...second, uuid: aUuid(3), tags: tagsOf({ backupEnabled: 'false' }) };
    const listed = (...devices: readonly Device[]): readonly string[] =>
      resolve(devices).map(({ device, desire }) => `${String(device.uuid === third.uuid)} ${desire.kind}`);

    expect(listed(first, third)).toEqual(['false enabled', 'true not-enabled']);
    expect(listed(third, first)).toEqual(['true not-enabled', 'false enabled']);
    expect(listed(first, first)).toEqual(['false enabled']);
    expect(listed(first, third, first)).toEqual(['false enabled', 'true not-enabled']);
    expect(listed(third, third, third)).toEqual(['true not-enabled']);
  });

  it('keeps once what devices have in common, and each has its own target', () => {
    const [first, second] = createResolver(settingsOf({ defaults }))(answer());

    expect(first?.desire).toBe(second?.desire);
    expect(policyIn(first).target.value).toMatchObject({
      url: `sftp://${aUuid(1)}@host//backups/${aUuid(1)}`,
      user: aUuid(1),
      place: expect.stringContaining(aUuid(1)) as string,
    });
    expect(policyIn(second).target.value.url).toBe(`sftp://${aUuid(2)}@host//backups/${aUuid(2)}`);
  });

  it('takes a UUID for a place in the target only', () => {
    const named = (n: number, tags: Readonly<Record<string, string>>): Device =>
      aDevice({ uuid: aUuid(n), tags: tagsOf({ backupEnabled: 'true', ...tags }) });
    const resolve = createResolver(settingsOf());
    const asked = resolve([1, 2].map((n) => named(n, { backupRequest: aUuid(n) })));
    const wrong = resolve([1, 2].map((n) => named(n, { backupSchedule: aUuid(n) })));

    expect(asked.map((each) => policyIn(each).request?.value)).toEqual([aUuid(1), aUuid(2)]);
    expect(JSON.stringify(wrong.map(({ desire }) => desire))).toMatch(new RegExp(`${aUuid(1)}.*${aUuid(2)}`));
  });

  it('forgets a device that is gone', () => {
    const resolve = createResolver(settingsOf());
    const devices = answer();
    const [before] = resolve(devices);
    resolve([]);

    expect(resolve(devices)[0]).toEqual(before);
    expect(resolve(devices)[0]).not.toBe(before);
  });
});
