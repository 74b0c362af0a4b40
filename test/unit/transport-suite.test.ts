import { spawn } from 'node:child_process';
import { Secret } from '../../src/model/secret';
import { createDirectTransport } from '../../src/transport/direct';
import { createGatewayTransport } from '../../src/transport/gateway';
import { createTunnelTransport } from '../../src/transport/tunnel';
import { startGateway } from '../lab/gateway';
import { startTunnel } from '../lab/tunnel';
import { aDevice, tagsOf } from '../support/desired';
import { type Relay, startRelay } from '../support/relay';
import { startSshd, type TestSshd } from '../support/sshd';
import { accountKey, type Account, type Bench, type FarEnd, transportSuite } from '../support/transportsuite';

// Each login takes its time in plain JavaScript, on both sides; some tests make five.
jest.setTimeout(30_000);

const device = aDevice();
const atDevice = `${device.uuid}.balena:22222`;

/** An SSH server of this process, as the suite wants to see it. */
function farEnd(
  server: Pick<TestSshd, 'hostKey' | 'counts' | 'openChannels'>,
  accepted: { keys: readonly string[] },
): FarEnd {
  return {
    hostKey: server.hostKey,
    counts: () => Promise.resolve({ ...server.counts }),
    shells: () => Promise.resolve(server.openChannels()),
    accept: (keys) => {
      accepted.keys = keys;
      return Promise.resolve();
    },
  };
}

async function throughGateway({ options }: Account): Promise<Bench> {
  const accepted = { keys: [accountKey.publicKey] };
  const gateway = await startGateway({
    keysOf: () => accepted.keys,
    isConnected: () => true,
    // The process itself, as ssh into a device would be: what gets SIGTERM is what runs.
    door: { open: (_uuid, command) => spawn('sh', ['-c', `exec ${command}`], { stdio: 'pipe' }) },
  });
  const relay = await startRelay(gateway);
  return {
    device,
    transport: createGatewayTransport({ ...options, address: relay, pinnedHostKey: null }),
    server: farEnd(gateway, accepted),
    relay,
    hostName: `${relay.host}:${String(relay.port)}`,
    exitCodes: false,
    stop: async () => {
      await relay.stop();
      await gateway.stop();
    },
  };
}

async function throughTunnel({ options }: Account): Promise<Bench> {
  const accepted = { keys: [accountKey.publicKey] };
  const sshd = await startSshd(() => accepted.keys);
  const tunnel = await startTunnel({ tls: true, accepts: (token) => token === 'api-key', addressOf: () => sshd });
  const relay = await startRelay(tunnel);
  return {
    device,
    transport: createTunnelTransport({
      ...options,
      address: relay,
      tls: true,
      ca: tunnel.ca,
      token: new Secret('api-key'),
    }),
    server: farEnd(sshd, accepted),
    relay,
    hostName: atDevice,
    exitCodes: true,
    stop: () => allStopped(relay, tunnel, sshd),
  };
}

async function directly({ options }: Account): Promise<Bench> {
  const accepted = { keys: [accountKey.publicKey] };
  const sshd = await startSshd(() => accepted.keys);
  const relay = await startRelay(sshd);
  const tags = tagsOf({ backupAddress: `${relay.host}:${String(relay.port)}` });
  return {
    device: aDevice({ tags }),
    transport: createDirectTransport(options),
    server: farEnd(sshd, accepted),
    relay,
    hostName: atDevice,
    exitCodes: true,
    stop: () => allStopped(relay, sshd),
  };
}

async function allStopped(...each: readonly Pick<Relay, 'stop'>[]): Promise<void> {
  for (const server of each) await server.stop();
}

transportSuite('through the gateway', throughGateway);
transportSuite('through the tunnel', throughTunnel);
transportSuite('direct', directly);
