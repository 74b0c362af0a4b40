import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActionKind } from '../model/action';
import type { DeviceUuid, RunId } from '../model/brand';
import type { SshCredential } from '../model/ports';
import type { Secret } from '../model/secret';

/** Where the container keeps what ssh reads: its own memory. */
const SECRETS = '/dev/shm/balena-backup';
const SSH_OPTIONS = [
  '-oStrictHostKeyChecking=yes',
  `-oUserKnownHostsFile=${SECRETS}/known_hosts`,
  `-oIdentityFile=${SECRETS}/key`,
  '-oIdentitiesOnly=yes',
  '-oConnectTimeout=30',
  '-oServerAliveInterval=15',
  '-oServerAliveCountMax=4',
].join(' ');

/** Which run a script is about. */
export interface RunName {
  readonly nonce: string;
  readonly runId: RunId;
  readonly kind: string;
  readonly slot: string;
  readonly device: DeviceUuid;
}

/** What the host does before the container starts. */
export interface HostOrder extends RunName {
  /** The fleet's number: what volumes' names begin with. */
  readonly fleetId: number;
  /** Their names; `all`: every volume of the fleet, at least one; `any`: every volume, if there are any; `none`. */
  readonly volumes: readonly string[] | 'all' | 'any' | 'none';
  readonly mount: 'ro' | 'rw';
  /** Whether the container gets the engine, the locks and all volumes side by side. */
  readonly access: 'volumes' | 'engine';
  /** Whether the device starts the container again after a crash. */
  readonly restart: 'no' | 'on-failure';
  readonly image: string;
  readonly cpus: number | null;
  /** Bytes. */
  readonly memory: number | null;
  /** Nonces of ended runs of this ledger: their containers may go. */
  readonly forget: readonly string[];
}

/** What the container does. */
export interface ContainerOrder {
  readonly nonce: string;
  readonly passphrase: Secret;
  readonly passphraseChange: 'refuse' | 'new-chain';
  /** Duplicity's `--name`. */
  readonly store: string;
  readonly url: string;
  /** Options of every command of Duplicity, each one word. */
  readonly options: readonly string[];
  /** The script that says what is done, and the variables that it reads. */
  readonly work: ActionKind;
  readonly variables: Readonly<Record<string, string>>;
  readonly runTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly environment: ReadonlyMap<string, string>;
  readonly credential: SshCredential | null;
}

/** Starts the run, or follows it where it is there already. The whole is one group: half of it never runs. */
export function startScript(host: HostOrder, container: ContainerOrder): string {
  const delimiter = `END_${host.nonce}`;
  const placed = `cat >"$DIR/run.sh" <<'${delimiter}'\n${containerScript(container)}${delimiter}`;
  const variables = {
    ...named(host),
    MODE: 'start',
    APP: String(host.fleetId),
    // With a sign that no name begins with: a volume may be called `any`.
    VOLUMES: typeof host.volumes === 'string' ? `=${host.volumes}` : host.volumes.join(' '),
    MOUNT: host.mount,
    ACCESS: host.access,
    RESTART: host.restart,
    IMAGE: host.image,
    CPUS: host.cpus === null ? '' : String(host.cpus),
    MEMORY: host.memory === null ? '' : String(host.memory),
    FORGET: host.forget.join(' '),
  };
  return group(
    variables,
    deviceScript('host.sh').replace('# @container', () => placed),
  );
}

/** Follows or collects the run where it is there, and starts nothing. */
export function attachScript(run: RunName): string {
  return withoutStart(run, 'attach');
}

/** Ends the run on the device; one that has not begun yet never will. */
export function cancelScript(run: RunName): string {
  return withoutStart(run, 'cancel');
}

function withoutStart(run: RunName, mode: 'attach' | 'cancel'): string {
  const empty = {
    APP: '',
    VOLUMES: '',
    MOUNT: '',
    ACCESS: '',
    RESTART: '',
    IMAGE: '',
    CPUS: '',
    MEMORY: '',
    FORGET: '',
  };
  return group({ ...named(run), ...empty, MODE: mode }, deviceScript('host.sh'));
}

function named(run: RunName): Readonly<Record<string, string>> {
  return { NONCE: run.nonce, RUN_ID: run.runId, KIND: run.kind, SLOT: run.slot, DEVICE: run.device };
}

function containerScript(order: ContainerOrder): string {
  const { credential } = order;
  const ssh = credential === null ? [] : [`--ssh-options=${SSH_OPTIONS}`];
  const variables = {
    NONCE: order.nonce,
    PASSPHRASE: order.passphrase.reveal(),
    PASSPHRASE_CHANGE: order.passphraseChange,
    STORE: order.store,
    URL: order.url,
    RUN_TIMEOUT: String(Math.ceil(order.runTimeoutMs / 1000)),
    STALL_TIMEOUT: String(Math.ceil(order.stallTimeoutMs / 1000)),
    ...order.variables,
  };
  const exported = [...order.environment].map(([name, value]) => `export ${name}=${shellWord(value)}\n`).join('');
  const options = [...ssh, ...order.options].map((option) => ` ${shellWord(option)}`).join('');
  const functions = `with_options() { "$1"${options}; }\n${keysFunction(order.nonce, credential)}${programFunction(order)}`;
  return group(variables, `${exported}${functions}${workScript(order.work)}`);
}

function keysFunction(nonce: string, credential: SshCredential | null): string {
  if (credential === null) return 'place_keys() { :; }\n';
  const file = (name: string, text: string): string =>
    `cat >${SECRETS}/${name} <<'KEY_${nonce}'\n${text.trimEnd()}\nKEY_${nonce}\n`;
  const certificate = credential.certificate === null ? '' : file('key-cert.pub', credential.certificate);
  const key = file('key', credential.privateKey.reveal());
  return `place_keys() {\n${key}${certificate}${file('known_hosts', credential.knownHosts)}}\n`;
}

/** What a kind of run has in Python, beside its script: these files, one after the other. */
const PROGRAMS: Readonly<Record<ActionKind, readonly string[]>> = {
  backup: [],
  execute: [],
  survey: ['disk.py', 'engine.py', 'listing.py', 'survey.py'],
  restore: ['disk.py', 'engine.py', 'exchange.py', 'listing.py', 'restore.py'],
};

function programFunction({ nonce, work }: Pick<ContainerOrder, 'nonce' | 'work'>): string {
  const files = PROGRAMS[work];
  if (files.length === 0) return '';
  return `place_program() {\ncat >"$1" <<'PROGRAM_${nonce}'\n${files.map(deviceScript).join('\n\n')}PROGRAM_${nonce}\n}\n`;
}

function group(variables: Readonly<Record<string, string>>, body: string): string {
  const assigned = Object.entries(variables).map(([name, value]) => `${name}=${shellWord(value)}\n`);
  return `{\n${assigned.join('')}${body}\nexit\n}\n`;
}

/** What all runs do, around what this one does. */
function workScript(work: ActionKind): string {
  return deviceScript('container.sh').replace('# @work\n', () => deviceScript(`${work}.sh`));
}

const scripts = new Map<string, string>();

function deviceScript(name: string): string {
  const known = scripts.get(name) ?? readFileSync(join(__dirname, 'device', name), 'utf8');
  scripts.set(name, known);
  return known;
}

/** One word of a shell, whatever is in it. */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new TypeError('a word of a shell cannot hold NUL');
  return `'${text.replaceAll("'", "'\\''")}'`;
}
