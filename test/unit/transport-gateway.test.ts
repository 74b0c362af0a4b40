import { type ChildProcess, spawn } from 'node:child_process';
import { left } from 'fp-ts/Either';
import type { Transport } from '../../src/model/ports';
import { createGatewayTransport, type GatewayOptions } from '../../src/transport/gateway';
import { type LabGateway, startGateway } from '../lab/gateway';
import { newKeyPair } from '../lab/sshserver';
import { aDevice } from '../support/desired';
import { type Account, accountKey, anAccount, linesOf, never, opened } from '../support/transportsuite';

const device = aDevice();
let account: Account;
let gateway: LabGateway;
let connected: boolean;
let asked: string[];
let transport: Transport;

function transportWith(over: Partial<GatewayOptions> = {}): Transport {
  return createGatewayTransport({ ...account.options, address: gateway, pinnedHostKey: null, ...over });
}

beforeEach(async () => {
  account = anAccount('lab_user');
  connected = true;
  asked = [];
  gateway = await startGateway({
    keysOf: (username) => (username === 'lab_user' ? [accountKey.publicKey] : []),
    isConnected: () => connected,
    door: {
      open: (uuid, command): ChildProcess => {
        asked.push(`${uuid} ${command}`);
        return spawn('sh', ['-c', `exec ${command}`], { stdio: 'pipe' });
      },
    },
  });
  transport = transportWith();
});

afterEach(async () => {
  transport.close();
  await gateway.stop();
});

describe('the gateway', () => {
  test('is asked for a shell on the device, by its full UUID', async () => {
    const session = await opened(transport, device);
    session.send('{ exit; }\n');
    await linesOf(session);
    expect(asked).toEqual([`${device.uuid} sh`]);
  });

  test('that cannot reach the device says so in words; its exit status is 0 all the same', async () => {
    connected = false;
    const session = await opened(transport, device);
    expect(await linesOf(session)).toEqual([]);
    const end = await session.ended;
    expect(end.exitCode).toBe(0);
    expect(end.failure).toMatchObject({ kind: 'device-unreachable', phase: 'channel' });
  });

  test('must have the key that is pinned, whatever is remembered', async () => {
    const hostName = `${gateway.host}:${String(gateway.port)}`;
    account.known.set(hostName, gateway.hostKey);
    const pinned = transportWith({ pinnedHostKey: newKeyPair().publicKey });
    expect(await pinned.open(device, never)).toMatchObject(left({ kind: 'host-key-changed', host: hostName }));
  });

  test('whose name has no address is told from one that does not answer', async () => {
    const nameless = transportWith({ address: { host: 'no-such-host.invalid', port: 22 } });
    expect(await nameless.open(device, never)).toMatchObject(left({ kind: 'device-unreachable', phase: 'resolve' }));
  });
});
