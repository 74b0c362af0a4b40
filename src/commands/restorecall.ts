import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Instant } from '../model/brand';
import type { VolumeSelection } from '../model/policy';
import { quoted } from '../model/quote';
import type { RestoreWish } from '../model/restoreplan';
import { parseRestoreTime } from '../model/restoretime';
import { parseVolumes } from '../model/volumes';
import type { Call } from './call';

/** What a person typed behind `restore`. */
export interface RestoreCall {
  readonly meant: string;
  /** A UUID, the beginning of one, or a name; null: the device itself. */
  readonly from: string | null;
  readonly at: Instant | null;
  /** Null: the policy's. */
  readonly volumes: VolumeSelection | null;
  readonly path: RestoreWish['path'];
  readonly isInPlace: boolean;
  readonly isUndo: boolean;
  readonly isDry: boolean;
  readonly saysYes: boolean;
  readonly isPatient: boolean;
}

/** The call, or what is wrong with it. */
export function parseRestoreCall({ words, flags, values }: Call, now: Instant): Either<string, RestoreCall> {
  const at = given(values.get('at'), (text) => parseRestoreTime(text, now));
  if (isLeft(at)) return left(`--at: ${at.left}.`);
  const volumes = given(values.get('volumes'), (text) => parseVolumes(text, null));
  if (isLeft(volumes)) return left(`--volumes: ${volumes.left}.`);
  const path = given(values.get('path'), parsePath);
  if (isLeft(path)) return left(`--path: ${path.left}.`);
  const call = {
    meant: words[0] ?? '',
    from: values.get('from') ?? null,
    at: at.right,
    volumes: volumes.right,
    path: path.right,
    isInPlace: flags.has('in-place'),
    isUndo: flags.has('undo'),
    isDry: flags.has('dry-run'),
    saysYes: flags.has('yes'),
    isPatient: flags.has('wait'),
  };
  const clash = clashIn(call);
  return clash === null ? right(call) : left(clash);
}

function given<T>(text: string | undefined, parse: (text: string) => Either<string, T>): Either<string, T | null> {
  return text === undefined ? right(null) : parse(text);
}

function clashIn({ isUndo, isInPlace, from, at, volumes, path }: RestoreCall): string | null {
  if (isUndo && (isInPlace || from !== null || at !== null || volumes !== null || path !== null)) {
    return '--undo takes the whole of the last restore back and stands alone, with --dry-run, --yes or --wait at the most.';
  }
  return path !== null && volumes !== null ? '--path names one volume itself; leave --volumes out.' : null;
}

/** `VOLUME`, or `VOLUME/PATH` without ways up or out. */
function parsePath(text: string): Either<string, NonNullable<RestoreWish['path']>> {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (parts.includes('..') || /[\u0000-\u001f\u007f]/.test(text)) {
    return left(`${quoted(text)} has a part that a path in a volume cannot have`);
  }
  const [first = '', ...below] = parts;
  const volume = parseVolumes(first, null);
  if (isLeft(volume) || volume.right.kind === 'all') {
    return left(`${quoted(text)} does not begin with a volume; write VOLUME, or VOLUME/PATH`);
  }
  return right({ volume: first, below: below.length === 0 ? null : below.join('/') });
}
