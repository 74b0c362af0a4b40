import { execFile } from 'node:child_process';
import { isLeft, left, right, type Either } from 'fp-ts/Either';
import * as t from 'io-ts';
import type { Failure } from '../model/failure';
import type { SshCredential } from '../model/ports';
import { lastWords, type Login, withLogin } from './collectorlogin';

const LIMIT_MS = 5 * 60_000;

/** What the collector dropped: times of sets as Duplicity writes them, `.to.` in those of incremental ones. */
export interface PruneReport {
  readonly kept: readonly string[];
  readonly dropped: readonly string[];
  readonly bytes: number;
}

const Answer = t.type({
  targets: t.readonlyArray(
    t.type({ kept: t.readonlyArray(t.string), dropped: t.readonlyArray(t.string), bytes: t.number }),
  ),
});

/**
 * Has the collector drop what the credential (`Keys.pruneCredentialFor`) says, by itself: on an append-only one nobody else
 * can. Left with `store-unavailable` when it did not, and why.
 */
export async function pruneCollector(
  server: { readonly host: string; readonly port: number },
  credential: SshCredential,
  signal: AbortSignal,
): Promise<Either<Failure, PruneReport>> {
  const said = await withLogin(credential, (login) => answerOf(server, login, signal));
  return isLeft(said) ? said : reportOf(said.right);
}

function answerOf(
  { host, port }: { readonly host: string; readonly port: number },
  { options, env }: Login,
  signal: AbortSignal,
): Promise<Either<Failure, string>> {
  // The certificate says what is done, whatever command is sent.
  const words = ['-T', ...options, '-p', String(port), `root@${host.replace(/^\[(.*)\]$/, '$1')}`, 'prune'];
  return new Promise((resolve) => {
    const child = execFile('ssh', words, { timeout: LIMIT_MS, signal, env }, (error, out, err) => {
      if (error === null) resolve(right(out));
      else resolve(left(unavailable(lastWords(err) || error.message)));
    });
    child.stdin?.end();
  });
}

function reportOf(text: string): Either<Failure, PruneReport> {
  const answer = Answer.decode(parsed(text));
  if (isLeft(answer)) return left(unavailable('it answered something else than a report'));
  const { targets } = answer.right;
  return right({
    kept: targets.flatMap(({ kept }) => kept).filter(isTime),
    dropped: targets.flatMap(({ dropped }) => dropped).filter(isTime),
    bytes: targets.reduce((sum, { bytes }) => sum + bytes, 0),
  });
}

/** What it says goes into logs: nothing but times of sets passes. */
function isTime(text: string): boolean {
  return /^(?:\d{8}T\d{6}Z\.to\.)?\d{8}T\d{6}Z$/.test(text);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function unavailable(why: string): Failure {
  return { kind: 'store-unavailable', detail: `the collector did not remove old backups: ${why}` };
}
