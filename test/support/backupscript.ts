import { right } from 'fp-ts/Either';
import { createExecutors } from '../../src/executors';
import { actionIdOf, runIdOf } from '../../src/model/action';
import { instantOf } from '../../src/model/brand';
import type { Device } from '../../src/model/device';
import type { Policy } from '../../src/model/policy';
import { Secret } from '../../src/model/secret';
import type { Settings } from '../../src/model/settings';
import type { Slot } from '../../src/model/slot';
import { playedSession, transportOf } from './session';

/** Of the run that a script is for. */
export const NONCE = 'n0nce';

/** The script that a run of the policy would send to its device, begun at that time by the controller's clock. */
export async function backupScriptOf(
  of: Device,
  policy: Policy,
  settings: Settings,
  startedAt = instantOf(Date.now()),
): Promise<string> {
  const session = playedSession();
  const { backup } = createExecutors({
    transport: transportOf([session]),
    keys: {
      isCollector: () => false,
      credentialFor: () =>
        Promise.resolve(right({ privateKey: new Secret('KEY'), certificate: 'CERTIFICATE', knownHosts: 'HOSTS' })),
    },
    pruneCollector: () => Promise.reject(new Error('not asked for')),
    settings,
    scrub: (text) => text,
    clock: { now: () => instantOf(0) },
    reconnectPausesMs: [],
  });
  const requested: Slot =
    policy.request === null ? { kind: 'schedule', at: instantOf(0) } : { kind: 'request', token: policy.request.value };
  const id = actionIdOf(of.uuid, 'backup', requested);
  const never = new AbortController().signal;
  const running = backup(
    {
      kind: 'backup',
      id,
      device: of,
      target: policy.target.value,
      policy,
      slot: requested,
      dueSince: instantOf(0),
      attempt: 1,
      mode: 'full',
    },
    {
      runId: runIdOf(id, 1),
      nonce: NONCE,
      startedAt,
      lastSuccess: null,
      forget: [],
      signal: never,
      cancelled: never,
      emit: () => undefined,
      advance: () => undefined,
      commit: () => true,
      removed: () => undefined,
    },
  );
  session.end();
  await running;
  return session.sent[0] ?? '';
}
