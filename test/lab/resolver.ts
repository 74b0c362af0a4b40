import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';

export interface LabResolver {
  /** Name servers that nodes and their containers can reach. */
  readonly addresses: readonly string[];
  stop(): Promise<void>;
}

const DNS_PORT = 53;
/** The second names the servers behind systemd's own resolver on loopback. */
const FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/** The machine's name servers; one that listens on loopback, or on IPv6 alone, gets a relay at `hostAddress`. */
export async function startResolver(hostAddress: string): Promise<LabResolver> {
  const reachable = FILES.flatMap(serversIn).filter((address) => /^\d/.test(address) && !address.startsWith('127.'));
  if (reachable.length > 0) return { addresses: [...new Set(reachable)].slice(0, 3), stop: () => Promise.resolve() };
  const upstream = FILES.flatMap(serversIn)[0] ?? '127.0.0.1';
  const udp = await relayDatagrams(hostAddress, upstream);
  const tcp = await relayStreams(hostAddress, upstream);
  return {
    addresses: [hostAddress],
    stop: async () => {
      udp.close();
      const closed = once(tcp, 'close');
      tcp.close();
      await closed;
    },
  };
}

function serversIn(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  return [...readFileSync(file, 'utf8').matchAll(/^nameserver\s+(\S+)/gm)].map((match) => match[1] ?? '');
}

async function relayDatagrams(address: string, upstream: string): Promise<DatagramSocket> {
  const server = createSocket('udp4');
  server.on('message', (question, from) => {
    const asker = createSocket(upstream.includes(':') ? 'udp6' : 'udp4');
    const timer = setTimeout(() => asker.close(), 10_000).unref();
    asker.on('error', () => undefined);
    asker.once('message', (answer) => {
      clearTimeout(timer);
      asker.close();
      server.send(answer, from.port, from.address);
    });
    asker.send(question, DNS_PORT, upstream);
  });
  server.bind(DNS_PORT, address);
  await once(server, 'listening');
  return server.unref();
}

async function relayStreams(address: string, upstream: string): Promise<Server> {
  const server = createServer((client) => {
    const link = connect(DNS_PORT, upstream);
    const end = (): void => {
      client.destroy();
      link.destroy();
    };
    for (const stream of [client, link]) stream.on('error', end).on('close', end);
    client.pipe(link).pipe(client);
  });
  server.listen(DNS_PORT, address);
  await once(server, 'listening');
  return server.unref();
}
