import { type Instant, instantOf } from './brand';
import { optionValue } from './options';
import type { Target } from './policy';
import type { SnapshotMode } from './run';

/** A file at a target. */
export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
}

/** A snapshot as its files at the target show it. */
export interface SnapshotSet {
  readonly mode: SnapshotMode;
  readonly at: Instant;
  /** For an incremental one: the time of the snapshot that it stands on. */
  readonly since: Instant | null;
  readonly volumes: number;
  readonly bytes: number;
  /** What is missing, for people; null for a snapshot that can be restored. */
  readonly flaw: string | null;
}

interface Gathered {
  readonly mode: SnapshotMode;
  readonly at: Instant;
  readonly since: Instant | null;
  readonly numbers: Set<number>;
  hasManifest: boolean;
  bytes: number;
}

const NAME =
  /^duplicity-(full|inc)\.(?:(\d{8}T\d{6}Z)\.to\.)?(\d{8}T\d{6}Z)\.(?:vol(\d+)\.difftar|manifest)(?:\.(?:gpg|gz))*$/;

/** What the names of a target's volumes and manifests begin with: Duplicity puts the prefix of a kind of file behind that of all. */
export function prefixesOf({ filePrefix, options }: Pick<Target, 'filePrefix' | 'options'>): readonly string[] {
  const kinds = ['file-prefix-archive', 'file-prefix-manifest'].map((name) => optionValue(options, name) ?? '');
  return [...new Set(kinds.map((kind) => `${filePrefix ?? ''}${kind}`))];
}

/**
 * The snapshots of one device by the names of its files alone, oldest first: no passphrase is needed. Duplicity writes the
 * manifest last, so a set without it is unfinished; and an incremental is worth what it stands on.
 */
export function snapshotSetsOf(files: readonly StoredFile[], prefixes: readonly string[]): readonly SnapshotSet[] {
  const sets = new Map<string, Gathered>();
  for (const { name, bytes } of files) {
    const part = partOf(name, prefixes);
    if (part === null) continue;
    const set = sets.get(part.set) ?? { ...part, numbers: new Set(), hasManifest: false, bytes: 0 };
    sets.set(part.set, set);
    set.bytes += bytes;
    if (part.volume === null) set.hasManifest = true;
    else set.numbers.add(part.volume);
  }
  return judged([...sets.values()].sort((a, b) => a.at - b.at));
}

interface Part extends Pick<Gathered, 'mode' | 'at' | 'since'> {
  /** The same for all files of a set. */
  readonly set: string;
  /** Null for the manifest. */
  readonly volume: number | null;
}

function partOf(name: string, prefixes: readonly string[]): Part | null {
  for (const prefix of prefixes) {
    const part = name.startsWith(prefix) ? parsePart(name.slice(prefix.length)) : null;
    if (part !== null) return part;
  }
  return null;
}

function parsePart(name: string): Part | null {
  const [, kind, from = '', to = '', volume] = NAME.exec(name) ?? [];
  const at = parseSetTime(to);
  if (kind === undefined || at === null) return null;
  return {
    set: `${kind} ${from} ${to}`,
    mode: kind === 'full' ? 'full' : 'incremental',
    at,
    since: parseSetTime(from),
    volume: volume === undefined ? null : Number(volume),
  };
}

function judged(sets: readonly Gathered[]): readonly SnapshotSet[] {
  const whole = new Set<Instant>();
  return sets.map((set) => {
    const flaw = flawOf(set, whole);
    if (flaw === null) whole.add(set.at);
    const { mode, at, since, numbers, bytes } = set;
    return { mode, at, since, volumes: numbers.size, bytes, flaw };
  });
}

function flawOf({ mode, since, numbers, hasManifest }: Gathered, whole: ReadonlySet<Instant>): string | null {
  if (!hasManifest) return 'not finished: it has no manifest';
  const missing = Array.from({ length: Math.max(0, ...numbers) }, (_, index) => index + 1).find(
    (number) => !numbers.has(number),
  );
  if (missing !== undefined) return `volume ${String(missing)} is missing`;
  if (mode === 'incremental' && (since === null || !whole.has(since))) return 'what it stands on is not whole';
  return null;
}

/** Duplicity's time of a set, `20261124T115000Z`; null when it is not one, as for a day that no month has. */
export function parseSetTime(text: string): Instant | null {
  const ms = Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  return !Number.isNaN(ms) && setTimeOf(instantOf(ms)) === text ? instantOf(ms) : null;
}

/** The instant as Duplicity names sets, to the second. */
export function setTimeOf(at: Instant): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
}
