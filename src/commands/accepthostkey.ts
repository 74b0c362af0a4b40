import { type Either, isLeft } from 'fp-ts/Either';
import { describeFailure } from '../model/describe';
import type { Failure } from '../model/failure';
import type { ShownHostKey } from '../model/hostkey';
import { exitCodeOf } from './exitcode';
import type { Terminal } from './terminal';

export interface AcceptTools {
  /** `host:port`, as failures name it. */
  readonly host: string;
  /** The key of SSH_GATEWAY_HOST_KEY, where that rules. */
  readonly pinned: ShownHostKey | null;
  readonly remembered: ShownHostKey | null;
  readonly shown: () => Promise<Either<Failure, ShownHostKey>>;
  readonly remember: (key: string) => void;
  /** Nothing is asked. */
  readonly isSure: boolean;
  readonly terminal: Pick<Terminal, 'say' | 'complain' | 'ask' | 'canAsk'>;
}

/** Compares the key that a server shows with the one that is remembered, and remembers it when a person says so. Gives the exit code. */
export async function acceptHostKey(tools: AcceptTools): Promise<number> {
  const { host, pinned, remembered, terminal } = tools;
  const expected = pinned ?? remembered;
  terminal.complain(
    expected === null ? `No key of ${host} is remembered.` : `${host} had the key ${keyText(expected)}.`,
  );
  const shown = await tools.shown();
  if (isLeft(shown)) {
    terminal.complain(`${host} shows no key now. ${wordsOf(shown.left)}.`);
    return exitCodeOf(shown.left);
  }
  if (expected?.key === shown.right.key) {
    terminal.say(`${host} still shows that key: there is nothing to accept.`);
    return 0;
  }
  terminal.complain(`${host} shows the key ${keyText(shown.right)} now.`);
  return pinned === null ? decided(shown.right, tools) : refusedByPin(shown.right, tools);
}

function keyText({ key, fingerprint }: ShownHostKey): string {
  return `${fingerprint} (${key.split(' ')[0] ?? ''})`;
}

function wordsOf(failure: Failure): string {
  if (failure.kind !== 'device-unreachable') return describeFailure(failure);
  return `${failure.detail}. See that it can be reached from here`;
}

function refusedByPin({ key }: ShownHostKey, { terminal }: AcceptTools): number {
  terminal.complain(
    `SSH_GATEWAY_HOST_KEY says which key is right, so nothing is remembered. If the new key is known to be right, set\nSSH_GATEWAY_HOST_KEY=${key}`,
  );
  return 5;
}

async function decided(shown: ShownHostKey, { host, remember, isSure, terminal }: AcceptTools): Promise<number> {
  if (!isSure && !terminal.canAsk) {
    terminal.complain(
      'Nothing was changed: nobody can be asked here. If that key is known to be right, type the same with --yes.',
    );
    return 5;
  }
  const answer = isSure
    ? 'y'
    : await terminal.ask('Only go on if you know that key to be right. Trust it from now on [y/N]? ');
  if (answer?.trim().toLowerCase().startsWith('y') !== true) {
    terminal.complain('Nothing was changed.');
    return 5;
  }
  remember(shown.key);
  terminal.say(`${host} is trusted with the key ${shown.fingerprint} from now on.`);
  terminal.complain('"balena-backup resync" has a running controller try it at once.');
  return 0;
}
