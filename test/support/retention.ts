import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export interface RetentionCase {
  /** Names of files in one directory. */
  readonly names: readonly string[];
  readonly keep: number;
}

export interface RetentionAnswer {
  /** Times of the full sets whose chains stay, newest first. */
  readonly kept: readonly string[];
  /** Names of files in the order in which they would go. */
  readonly dropped: readonly string[];
}

const PROGRAM = `
import json, sys
sys.path.insert(0, sys.argv[1])
import sets
answers = []
for case in json.load(sys.stdin):
    found = {}
    for name in case['names']:
        file = sets.parse('.', name)
        if file is not None:
            found.setdefault(file.key, sets.Set(file.key)).add(file, name, True)
    plan = sets.retention(found.values(), case['keep'])
    names = [name for each in plan.dropped for name in each.names_to_drop()]
    answers.append({'kept': [each.key.time for each in plan.kept], 'dropped': names})
json.dump(answers, sys.stdout)
`;

const COLLECTOR = join(__dirname, '..', '..', 'collector');

/** What the collector's own rule says to many cases. */
export function retentionOf(cases: readonly RetentionCase[]): readonly RetentionAnswer[] {
  const input = JSON.stringify(cases);
  const { stdout, stderr } = spawnSync('python3', ['-IB', '-c', PROGRAM, COLLECTOR], { input, encoding: 'utf8' });
  const answers: unknown = JSON.parse(stdout === '' ? `"${stderr.replaceAll('"', "'")}"` : stdout);
  if (!Array.isArray(answers) || answers.length !== cases.length) throw new Error(stderr);
  return answers as readonly RetentionAnswer[];
}

/** The n-th second of a day, as Duplicity writes times. */
export function timeOf(n: number): string {
  const [hours, minutes, seconds] = [n / 3600, (n / 60) % 60, n % 60].map((part) =>
    String(Math.floor(part)).padStart(2, '0'),
  );
  return `20260101T${String(hours)}${String(minutes)}${String(seconds)}Z`;
}

export interface SetOf {
  /** Null for a full set. */
  readonly start: number | null;
  readonly time: number;
  readonly finished: boolean;
  readonly volumes?: readonly number[];
}

/** The files of a set. */
export function namesOf({ start, time, finished, volumes = [1, 2] }: SetOf, prefix = ''): readonly string[] {
  const [set, signatures] =
    start === null
      ? [`full.${timeOf(time)}`, `full-signatures.${timeOf(time)}`]
      : [`inc.${timeOf(start)}.to.${timeOf(time)}`, `new-signatures.${timeOf(start)}.to.${timeOf(time)}`];
  return [
    ...volumes.map((volume) => `${prefix}duplicity-${set}.vol${String(volume)}.difftar.gpg`),
    ...(finished ? [`${prefix}duplicity-${signatures}.sigtar.gpg`, `${prefix}duplicity-${set}.manifest.gpg`] : []),
  ];
}
