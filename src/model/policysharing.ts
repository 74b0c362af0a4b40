import type { Desire, Policy, Target } from './policy';
import { Pool } from './pool';

/** Gives policies with all that is equal between devices held once: what a fleet's tags say is said for each of them. */
export function policySharer(): (desire: Desire) => Desire {
  const origins = new Pool<Policy['target']['origin']>();
  const names = new Pool<string>();
  const lists = new Pool<Target['options']>();
  const volumes = new Pool<Policy['volumes']>();
  const schedules = new Pool<Policy['schedule']>();
  const intervals = new Pool<Policy['fullEvery']>();
  const numbers = new Pool<Policy['keepFull']>();

  function shared(policy: Policy): Policy {
    const { value, origin } = policy.target;
    const target = {
      ...value,
      options: lists.of(value.options),
      variables: lists.of(value.variables),
      scheme: names.of(value.scheme),
      user: value.user === null ? null : names.of(value.user),
      host: value.host === null ? null : names.of(value.host),
      shown: value.shown === value.url ? value.url : value.shown,
    };
    return {
      ...policy,
      target: { value: target, origin: origins.of(origin) },
      volumes: volumes.of(policy.volumes),
      schedule: schedules.of(policy.schedule),
      fullEvery: intervals.of(policy.fullEvery),
      keepFull: numbers.of(policy.keepFull),
      bandwidth: numbers.of(policy.bandwidth),
    };
  }

  return (desire) => (desire.kind === 'enabled' ? { ...desire, policy: shared(desire.policy) } : desire);
}
