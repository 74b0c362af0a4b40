import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Stands between clients and a server, and does to links what networks do. */
export interface Relay {
  readonly host: string;
  readonly port: number;
  /** Links that are open now. */
  readonly openConnections: () => number;
  /** From now on nothing passes, and neither side is told. */
  stall(): void;
  /** Breaks all links without a goodbye. */
  cut(): void;
  stop(): Promise<void>;
}

/** Starts it on a free port of this machine. */
export async function startRelay(to: { readonly host: string; readonly port: number }): Promise<Relay> {
  const links = new Map<Socket, Socket>();
  let isStalled = false;
  const server = createServer({ noDelay: true }, (client) => {
    const far = connect({ ...to, noDelay: true });
    links.set(client, far);
    for (const [each, other] of [
      [client, far],
      [far, client],
    ] as const) {
      each.on('data', (chunk) => isStalled || other.write(chunk));
      each.on('error', () => undefined);
      each.on('close', () => {
        other.destroy();
        links.delete(client);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const cut = (): void => {
    for (const client of links.keys()) client.destroy();
  };
  return {
    host: '127.0.0.1',
    port: typeof address === 'object' && address !== null ? address.port : 0,
    openConnections: () => links.size,
    stall: () => {
      isStalled = true;
    },
    cut,
    stop: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
