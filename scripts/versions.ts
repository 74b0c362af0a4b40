/** Where the version stands, beside package.json, and what it stands in. */
export const VERSION_PLACES: readonly { readonly file: string; readonly pattern: RegExp }[] = [
  { file: 'package.json', pattern: /("version": ")[^"]+(")/ },
  // The program's own entry comes first, at the top and among the packages.
  { file: 'package-lock.json', pattern: /^(\{\n {2}"name": "[^"]+",\n {2}"version": ")[^"]+(")/ },
  {
    file: 'package-lock.json',
    pattern: /("packages": \{\n {4}"": \{\n {6}"name": "[^"]+",\n {6}"version": ")[^"]+(")/,
  },
  { file: 'src/version.ts', pattern: /(version = ')[^']+(')/ },
  { file: 'balena.yml', pattern: /(^version: )\S+()$/m },
  { file: 'deploy/compose.yaml', pattern: /(image: balena-backup\/orchestrator:)\S+()/ },
  { file: 'deploy/compose.yaml', pattern: /(image: balena-backup\/collector:)\S+()/ },
  { file: 'deploy/kubernetes/balena-backup.yaml', pattern: /(image: balena-backup\/orchestrator:)\S+()/ },
];

const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;

/** The text with the version in that place; throws where the place is not there, so that none is forgotten unseen. */
export function withVersion(text: string, { file, pattern }: (typeof VERSION_PLACES)[number], version: string): string {
  if (!pattern.test(text))
    throw new Error(`${file} has no version where one was expected: correct scripts/versions.ts`);
  return text.replace(pattern, (_all, before: string, after: string) => `${before}${version}${after}`);
}

/** The changelog with what was unreleased under the version; throws where nothing was. */
export function withRelease(changelog: string, version: string, day: string): string {
  const [, entries] = /^## Unreleased\n\n((?:- .*\n(?: {2}.*\n)*)+)/m.exec(changelog) ?? [];
  if (entries === undefined) throw new Error('CHANGELOG.md has nothing under "Unreleased": say there what is new');
  return changelog.replace('## Unreleased\n', () => `## Unreleased\n\n## ${version} (${day})\n`);
}

/** What is wrong with a version to release after another one, or null. */
export function versionProblem(next: string, present: string): string | null {
  if (!SEMVER.test(next)) return `"${next}" is not a version; write MAJOR.MINOR.PATCH`;
  const [a, b] = [next, present].map((each) => each.split('.').map(Number));
  const index = a?.findIndex((part, place) => part !== b?.[place]) ?? -1;
  const isNewer = index >= 0 && Number(a?.[index]) > Number(b?.[index]);
  return isNewer ? null : `${next} is not newer than ${present}`;
}
