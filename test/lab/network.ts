import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupsOf, removeCgroups } from './cgroups';
import { CLEAR, CREATE, LINK_NODE } from './networkscripts';
import { runProgram, runProgramSync } from './process';

export interface LabNetwork {
  /** The machine's own address in the lab's subnet: API, gateway and registry clients use it. */
  readonly hostAddress: string;
  /** `a.b.c.0/24` */
  readonly subnet: string;
  /** Of the machine's way out: what a node's engine gives to its containers. */
  readonly mtu: number;
  addNode(name: string): Promise<NetworkNode>;
  /** Takes back all that the lab made, also what is left of nodes. Safe to call twice and while the process ends. */
  remove(): void;
}

export interface NetworkNode {
  /** Path of the network namespace, for `nsenter --net=`. */
  readonly netns: string;
  readonly address: string;
  /** The cable is pulled: nobody gets a goodbye. */
  cut(): void;
  mend(): void;
  remove(): void;
}

const RUNTIME = '/run/balena-backup-net';
const NETNS = '/run/netns';
const LAB_ID = /^[a-z0-9]{1,7}$/;
const NODE_NAME = /^[a-z0-9][a-z0-9-]{0,30}$/;
const LAST_NODE = 254;

/** A bridge with a subnet that nothing on this machine uses, for the lab of this id (1 to 7 of a-z and 0-9). */
export function createNetwork(labId: string): LabNetwork {
  if (!LAB_ID.test(labId)) throw new Error(`a lab's id is 1 to 7 of a-z and 0-9, got "${labId}"`);
  const mtu = uplinkMtu();
  const prefix = allocate(labId, mtu);
  let last = 1;
  return {
    hostAddress: `${prefix}.1`,
    subnet: `${prefix}.0/24`,
    mtu,
    addNode: (name) => {
      last += 1;
      if (last > LAST_NODE) throw new Error('a lab has room for 253 nodes');
      return addNode({ labId, name, prefix, number: last, mtu });
    },
    remove: () => {
      removeNetwork(labId);
    },
  };
}

/** A lab that could not be made whole leaves nothing half made. */
function allocate(labId: string, mtu: number): string {
  try {
    return locked(CREATE, [tagOf(labId), String(mtu), ...candidates()]).trim();
  } catch (error) {
    removeNetwork(labId);
    throw error;
  }
}

/** Removes bridge, nodes, rules and engines' cgroups of a lab, whoever made them; what is not there is no error. */
export function removeNetwork(labId: string): void {
  if (!LAB_ID.test(labId)) return;
  locked(CLEAR, [tagOf(labId)]);
  cgroupsOf(`${tagOf(labId)}-`).forEach(removeCgroups);
}

interface NodePlace {
  readonly labId: string;
  readonly name: string;
  readonly prefix: string;
  readonly number: number;
  readonly mtu: number;
}

async function addNode({ labId, name, prefix, number, mtu }: NodePlace): Promise<NetworkNode> {
  if (!NODE_NAME.test(name)) throw new Error(`a node's name is 1 to 31 of a-z, 0-9 and -, got "${name}"`);
  const tag = tagOf(labId);
  const netns = `${tag}-${name}`;
  const link = `${tag}n${String(number)}`;
  const address = `${prefix}.${String(number)}`;
  await runProgram('sh', ['-euc', LINK_NODE, 'link-node', tag, netns, link, address, `${prefix}.1`, String(mtu)]);
  const set = (state: string): void => {
    runProgramSync('ip', ['link', 'set', 'dev', link, state]);
  };
  return {
    netns: join(NETNS, netns),
    address,
    cut: () => {
      set('down');
    },
    mend: () => {
      set('up');
    },
    remove: () => {
      const remove = 'ip link delete dev "$1" 2>/dev/null || :; ip netns delete "$2" 2>/dev/null || :';
      runProgramSync('sh', ['-c', remove, 'remove-node', link, netns]);
    },
  };
}

/** All that a lab makes on the machine's side bears this name. With a node's number it stays within 15 characters. */
function tagOf(labId: string): string {
  return `bb-${labId}`;
}

/** One at a time on this machine; the lock goes with its process, so that a killed one holds nothing. */
function locked(script: string, args: readonly string[]): string {
  mkdirSync(RUNTIME, { recursive: true });
  const lock = join(RUNTIME, 'lock');
  return runProgramSync('flock', ['--timeout', '60', lock, 'sh', '-euc', script, RUNTIME, ...args]);
}

/** Where to look for a free subnet, in an order that differs from lab to lab. Never around a name server. */
function candidates(): readonly string[] {
  const servers = readFileSync('/etc/resolv.conf', 'utf8');
  const start = randomInt(64 * 256);
  return Array.from({ length: 40 }, (_, index) => {
    const number = (start + index * 257) % (64 * 256);
    return `10.${String(64 + (number >> 8))}.${String(number & 255)}`;
  }).filter((prefix) => !servers.includes(` ${prefix}.`));
}

function uplinkMtu(): number {
  const route = runProgramSync('sh', ['-c', 'ip -4 route show default || :']);
  const device = /\bdev (\S+)/.exec(route)?.[1];
  if (device === undefined) return 1500;
  const mtu = Number(readFileSync(`/sys/class/net/${device}/mtu`, 'utf8'));
  return Math.min(mtu, 1500);
}
