import { left, right } from 'fp-ts/Either';
import { createAccount } from '../../src/balena/account';
import type { Event } from '../../src/model/event';
import type { Failure } from '../../src/model/failure';
import type { AccountKey, FleetApi, FleetKey } from '../../src/model/ports';
import { Secret } from '../../src/model/secret';

const HOUR_MS = 3_600_000;
const never = new AbortController().signal;
const key: FleetKey = {
  privateKey: new Secret('private'),
  publicKey: 'ssh-ed25519 AAAA balena-backup',
  fingerprint: 'SHA256:aaa',
  isNew: true,
};

/** An account in which keys can be removed, and a clock that is set by hand. */
class World {
  public readonly events: Event[] = [];
  public readonly asked: AccountKey[] = [];
  public isThere = false;
  public failure: Failure | null = null;
  public now = 0;

  public account(over: Partial<FleetKey> = {}): ReturnType<typeof createAccount> {
    const ensureKey: FleetApi['ensureKey'] = (wanted) => {
      this.asked.push(wanted);
      if (this.failure !== null) return Promise.resolve(left(this.failure));
      const added = !this.isThere;
      this.isThere = true;
      return Promise.resolve(right({ added, removed: 0 }));
    };
    return createAccount({
      api: { ensureKey, username: () => Promise.resolve(right('somebody')) },
      keys: { fleetKey: () => Promise.resolve({ ...key, ...over }) },
      emit: (event) => this.events.push(event),
      selfUuid: '0123456789abcdef0123456789abcdef',
      now: () => this.now,
    });
  }
}

let world: World;

beforeEach(() => {
  world = new World();
});

test('a new key is added once, under a name that a person knows', async () => {
  const account = world.account();

  await account.register(never);
  await account.register(never);

  expect(world.asked).toEqual([{ title: 'balena-backup on device 0123456', publicKey: key.publicKey, isNew: true }]);
  expect(world.events).toMatchObject([{ event: 'fleetkey.registered' }]);
});

test.each([
  {
    when: 'within the hour after it was refused somewhere',
    pass: (account: ReturnType<typeof createAccount>) => {
      account.doubt();
    },
  },
  { when: 'an hour later in any case', pass: () => (world.now += HOUR_MS) },
])('a key that was removed is put back $when, with a warning', async ({ pass }) => {
  const account = world.account();
  await account.register(never);
  world.isThere = false;
  pass(account);

  await account.register(never);

  expect(world.events.map(({ event }) => event)).toEqual(['fleetkey.registered', 'fleetkey.restored']);
  expect(world.asked.at(-1)).toMatchObject({ isNew: false });
});

test('a key that was removed while nobody ran is put back with a warning, and removes no other', async () => {
  await world.account({ isNew: false }).register(never);

  expect(world.events).toMatchObject([{ event: 'fleetkey.restored' }]);
  expect(world.asked).toMatchObject([{ isNew: false }]);
});

test('an API that fails is asked again at the next pass', async () => {
  const account = world.account();
  world.failure = { kind: 'api-unavailable', status: 500, retryAfterMs: null, detail: '' };

  expect(await account.register(never)).toEqual(world.failure);
  world.failure = null;
  expect(await account.register(never)).toBeNull();

  expect(world.events).toMatchObject([{ event: 'fleetkey.registered' }]);
});

test('a key that cannot be made is a failure in words', async () => {
  const account = createAccount({
    api: {
      ensureKey: () => Promise.reject(new Error('not asked')),
      username: () => Promise.resolve(right('somebody')),
    },
    keys: { fleetKey: () => Promise.reject(new Error('it is open to other users')) },
    emit: () => undefined,
  });

  expect(await account.register(never)).toMatchObject({
    kind: 'credential-missing',
    detail: 'it is open to other users',
  });
});
