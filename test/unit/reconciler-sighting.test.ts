import { foldedPolicy } from '../../src/model/folded';
import type { Policy } from '../../src/model/policy';
import { sightingsOf } from '../../src/reconciler/sighting';
import {
  aDeviceNotEnabled,
  anEnabledDevice,
  aPolicy,
  aRejectedDevice,
  aSchedule,
  aTarget,
  aUuid,
  resolved,
} from '../support/desired';

/** A key changes when what is done on the device would; a request is no change of it. */
function keyOf(policy: Partial<Policy> = {}): string {
  return foldedPolicy(aPolicy(policy), aUuid(1)).key;
}

describe('what the ledger is told of devices', () => {
  it('the enabled ones with what they ask for, and those that a problem keeps from it', () => {
    const policy = { request: resolved('now-1') };
    const { sightings, rejected } = sightingsOf([
      anEnabledDevice({ policy }),
      aRejectedDevice({ uuid: aUuid(2) }),
      aDeviceNotEnabled({ uuid: aUuid(3) }),
    ]);

    expect([...sightings]).toEqual([
      {
        device: aUuid(1),
        name: 'a-device',
        scheduleKey: '0 0 0 * * * UTC',
        policyKey: keyOf(policy),
        request: 'now-1',
      },
    ]);
    expect([...rejected]).toEqual([aUuid(2)]);
  });
});

describe('the key of a policy', () => {
  const secret = 'sesame';
  const url = `rsync://root:${secret}@collector//backups`;
  const former = keyOf();

  it.each<{ name: string; policy: Partial<Policy> }>([
    { name: 'target', policy: { target: resolved(aTarget({ url })) } },
    { name: 'volumes', policy: { volumes: resolved({ kind: 'named', names: ['data'] }) } },
    { name: 'schedule', policy: { schedule: resolved(aSchedule({ pattern: '0 0 1 * * *' })) } },
    { name: 'full interval', policy: { fullEvery: resolved({ text: '7D', seconds: 604_800 }) } },
    { name: 'number of chains', policy: { keepFull: resolved(2) } },
    { name: 'bandwidth', policy: { bandwidth: resolved(1000) } },
    { name: 'address', policy: { address: resolved('10.0.0.1') } },
  ])('is another for another $name', ({ policy }) => {
    expect(keyOf(policy)).not.toBe(former);
  });

  it('is the same for another request and another origin of the same value', () => {
    const origin = { kind: 'device-tag', tag: 'backupVolumes' } as const;

    expect(keyOf({ request: resolved('now-1') })).toBe(former);
    expect(keyOf({ volumes: resolved({ kind: 'all' }, origin) })).toBe(former);
  });

  it('shows nothing of a password in the URL', () => {
    expect(keyOf({ target: resolved(aTarget({ url })) })).toMatch(/^[0-9a-f]{32}$/);
  });
});
