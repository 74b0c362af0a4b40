import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActionKind } from '../model/action';
import type { ImageNeeds } from '../model/backend';
import type { DeviceUuid, RunId } from '../model/brand';
import { RUN_SECRETS, type RunCredentials } from '../model/credentials';
import type { SshCredential } from '../model/ports';
import type { Secret } from '../model/secret';
import type { RsyncFolder } from './rsyncfolder';

/** What ssh is told in a run. */
export const SSH_OPTIONS = [
  '-oStrictHostKeyChecking=yes',
  `-oUserKnownHostsFile=${RUN_SECRETS}/known_hosts`,
  `-oIdentityFile=${RUN_SECRETS}/key`,
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
  /** Bytes a second; the container limits itself, which the host must allow. */
  readonly bandwidth: number | null;
  /** Nonces of ended runs of this ledger: their containers may go. */
  readonly forget: readonly string[];
}

/** What the container does. */
export interface ContainerOrder {
  readonly nonce: string;
  readonly passphrase: Secret;
  readonly passphraseChange: 'refuse' | 'new-chain';
  /** GnuPG's S2K count for what only this passphrase opens. */
  readonly stretch: number;
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
  readonly bandwidth: number | null;
  /** What the image is asked for before anything else. */
  readonly needs: Pick<ImageNeeds, 'modules' | 'programs'>;
  readonly credentials: RunCredentials;
  readonly folder: RsyncFolder | null;
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
    BANDWIDTH: host.bandwidth === null ? '' : String(host.bandwidth),
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
    BANDWIDTH: '',
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
    STRETCH: String(order.stretch),
    STORE: order.store,
    URL: order.url,
    BANDWIDTH: order.bandwidth === null ? '' : String(order.bandwidth),
    MODULES: order.needs.modules.join(' '),
    PROGRAMS: order.needs.programs.join(' '),
    RUN_TIMEOUT: String(Math.ceil(order.runTimeoutMs / 1000)),
    STALL_TIMEOUT: String(Math.ceil(order.stallTimeoutMs / 1000)),
    ...order.variables,
  };
  const exported = [...order.credentials.environment]
    .map(([name, value]) => `export ${name}=${shellWord(value)}\n`)
    .join('');
  const options = [...ssh, ...order.options].map((option) => ` ${shellWord(option)}`).join('');
  const own = `${folderFunction(order.folder)}${secretsFunction(order)}${programFunction(order)}`;
  const functions = `with_options() { "$1"${options}; }\n${own}`;
  return group(variables, `${exported}${functions}${workScript(order.work)}`);
}

function folderFunction(order: RsyncFolder | null): string {
  if (order === null) return 'rsync_folder() { :; }\n';
  const { options, folder, password } = order;
  const secret = password === null ? '' : `RSYNC_PASSWORD=${shellWord(password)} `;
  return `rsync_folder() { ${secret}rsync "$@" --timeout=60 --dirs ${options.map(shellWord).join(' ')} "$WORK/none/" ${shellWord(folder)}; }\n`;
}

/** Writes what programs read from files into the container's memory. */
function secretsFunction({ nonce, credential, credentials }: ContainerOrder): string {
  const file = (name: string, text: string): string =>
    `cat >${RUN_SECRETS}/${name} <<'KEY_${nonce}'\n${text.trimEnd()}\nKEY_${nonce}\n`;
  const files = [...credentials.files].map(([name, text]) => file(name, text));
  return `place_secrets() {\n:\n${files.join('')}${credential === null ? '' : keyFiles(credential, file)}}\n`;
}

function keyFiles(credential: SshCredential, file: (name: string, text: string) => string): string {
  const certificate = credential.certificate === null ? '' : file('key-cert.pub', credential.certificate);
  return `${file('key', credential.privateKey.reveal())}${certificate}${file('known_hosts', credential.knownHosts)}`;
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
  return deviceScript('container.sh').replace('# @work\n', () => WORK[work].map(deviceScript).join('\n'));
}

const WORK: Readonly<Record<ActionKind, readonly string[]>> = {
  backup: ['passphrase.sh', 'backup.sh'],
  execute: ['passphrase.sh', 'execute.sh'],
  survey: ['survey.sh'],
  restore: ['restore.sh'],
};

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
