import { isLeft, left } from 'fp-ts/Either';
import type { Device } from '../../src/model/device';
import { createDirectTransport } from '../../src/transport/direct';
import { Pacer } from '../../src/transport/pace';
import { aDevice, aFleet, tagsOf } from '../support/desired';
import { type Relay, startRelay } from '../support/relay';
import { startSshd, type TestSshd } from '../support/sshd';
import { type Account, accountKey, anAccount, never, opened } from '../support/transportsuite';

let account: Account;
let sshd: TestSshd;
let relay: Relay;
let address: string;

beforeAll(async () => {
  sshd = await startSshd(() => [accountKey.publicKey]);
});

beforeEach(async () => {
  account = anAccount('lab_user');
  relay = await startRelay(sshd);
  address = `${relay.host}:${String(relay.port)}`;
});

afterEach(() => relay.stop());

afterAll(() => sshd.stop());

function at(tag: string): Device {
  return aDevice({ tags: tagsOf({ backupAddress: tag }) });
}

describe('a device on a network that we are on', () => {
  test("is reached at its own tag's address, and else at its fleet's", async () => {
    const transport = createDirectTransport(account.options);
    (await opened(transport, at(address))).close();
    (await opened(transport, aDevice({ fleet: aFleet({ tags: tagsOf({ backupAddress: address }) }) }))).close();
    const tags = tagsOf({ backupAddress: 'no-such-host.invalid' });
    const own = aDevice({ tags, fleet: aFleet({ tags: tagsOf({ backupAddress: address }) }) });
    expect(await transport.open(own, never)).toMatchObject(left({ kind: 'device-unreachable', phase: 'resolve' }));
  });

  test.each([
    { name: 'without the tag', device: aDevice(), says: /no tag backupAddress/ },
    { name: 'with a tag that is no address', device: at('-oProxyCommand=x'), says: /tag backupAddress: .*is not an/ },
  ])('$name is not tried, and the failure says what to set', async ({ device, says }) => {
    const session = await createDirectTransport(account.options).open(device, never);
    expect(session).toMatchObject(left({ kind: 'device-unreachable', phase: 'resolve' }));
    expect(isLeft(session) ? Reflect.get(session.left, 'detail') : '').toMatch(says);
  });

  test('is known by its UUID, not by an address that may be another one tomorrow', async () => {
    const transport = createDirectTransport(account.options);
    (await opened(transport, at(address))).close();
    await relay.stop();
    relay = await startRelay(sshd);
    (await opened(transport, at(`${relay.host}:${String(relay.port)}`))).close();
    expect([...account.known.keys()]).toEqual([`${aDevice().uuid}.balena:22222`]);
  });

  test('whose server locks itself after a burst of connections is not driven into that', async () => {
    const pace = { connections: 3, withinMs: 300 };
    const transport = createDirectTransport({ ...account.options, pacer: new Pacer(pace) });
    const begin = performance.now();
    const device = at(address);
    const before = sshd.counts.connections;
    const sessions = await Promise.all(Array.from({ length: 8 }, () => opened(transport, device)));
    for (const session of sessions) session.close();
    // Two whole spans must have passed before the seventh.
    expect(performance.now() - begin).toBeGreaterThanOrEqual(2 * pace.withinMs);
    expect(sshd.counts.connections - before).toBe(8);
  });
});
