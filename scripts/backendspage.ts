import { BACKENDS, type Backend, RSYNC_DAEMON } from '../src/model/backend';
import { CREDENTIAL_FILES, FILE_VARIABLES } from '../src/model/credentials';
import { GONE_SCHEMES } from '../src/model/gone';
import { TRIALS } from './backendstried';

const IMAGES = {
  small: 'the default one',
  full: 'the `-full` one, taken by itself',
  own: 'your own (`DOCKER_IMAGE`): Debian does not carry it',
} as const;

/** The page docs/backends.md, from the table that the program goes by. */
export function backendsPage(): string {
  return `# Backends

<!-- Made from src/model/backend.ts by "npm run docs": change the table, not this page. -->

A \`backupUrl\` may have any of these schemes. What a backend reads from its environment is set on the orchestrator; a run gets the variables of its
own scheme and no others, over the same way as the passphrase: in memory, never in a command line. Each variable may be given as \`NAME_FILE\` too, the path of
a file of the orchestrator that holds it. What is missing rejects the policy before anything runs, and says so.

| scheme | example | needs | takes besides | image | tried |
|---|---|---|---|---|---|
${rows().join('\n')}

The path decides who is who: where it has no \`$UUID\` as a folder, the names of the files get the UUID in front (\`--file-prefix\`).

## Credentials

- **Over SSH** (rsync, sftp, scp): the collector is reached with a certificate of the run's own. For a server of yours set \`BACKUP_SSH_KEY\` and
  \`BACKUP_SSH_KNOWN_HOSTS\`; the key is used for the hosts that the latter names.
- **Passwords** (\`FTP_PASSWORD\`, \`IMAP_PASSWORD\`) are only sent to the server that \`BACKUP_URL\` names, since whoever may write a tag chooses the server in it. A
  tag with another server brings a password of its own in the URL, by a variable: \`ftp://user:$MY_PASSWORD@HOST/...\`. \`mega\` reads its password from the URL alone.
- **As a file**: the text of ${quotedList([...FILE_VARIABLES.keys()])} reaches the run as a file in its memory, which the program finds by itself.
- **rclone**: either \`RCLONE_CONFIG_<REMOTE>_TYPE\` and what belongs to it, or the whole configuration file in \`RCLONE_CONFIG\` (or its path in \`RCLONE_CONFIG_FILE\`).
- **multi**: \`MULTI_CONFIG\` holds Duplicity's JSON list of stores, each with \`url\` and \`env\`; the path in the URL is a name for people. A store over SSH cannot be one of them.
- **Dropbox** gives access tokens for a few hours, and Duplicity takes nothing else: \`dpbx\` is for a run by hand. For a schedule use \`rclone\` with a Dropbox remote, which renews them.
- Known by name, so that \`NAME_FILE\` works: ${quotedList(CREDENTIAL_FILES)}.

## Other spellings

${aliases().join('\n')}

## What cannot be used any more

| scheme | why, and what to use instead |
|---|---|
${[...GONE_SCHEMES].map(([scheme, why]) => `| \`${scheme}://\` | ${why} |`).join('\n')}

## The image

Before anything else a run asks its image for the programs and Python modules that its backend needs, on the interpreter that Duplicity runs on. What is
missing is said within seconds, and the slot is given up. Two images are published: the default one for most fleets, and \`-full\` with everything that Debian
carries. Which one a device pulls follows from its URL; \`DOCKER_IMAGE\` names one of your own for all.
`;
}

function rows(): readonly string[] {
  const daemon = { name: 'rsync (daemon)', backend: RSYNC_DAEMON };
  const all = [...BACKENDS]
    .filter(([name, backend]) => name === backend.scheme)
    .map(([name, backend]) => ({ name, backend }));
  return [...all.slice(0, 2), daemon, ...all.slice(2)].map(({ name, backend }) => rowOf(name, backend));
}

function rowOf(name: string, backend: Backend): string {
  const { example, takes, login, image, modules, programs } = backend;
  const needs = [...needsOf(backend), ...(login === 'needed' ? ['a user and a password'] : [])];
  const has = [...modules, ...programs].map((each) => `\`${each}\``).join(' ');
  const cells = [
    `\`${name}\``,
    `\`${example}\``,
    needs.length === 0 ? '–' : needs.join(', '),
    takes.length === 0 ? '–' : takes.map((each) => `\`${each.endsWith('_') ? `${each}*` : each}\``).join(' '),
    name === 'multi' ? 'the one that its stores need' : `${IMAGES[image]}${has === '' ? '' : ` (${has})`}`,
    triedText(name),
  ];
  return `| ${cells.join(' | ')} |`;
}

function needsOf({ needs, overSsh }: Backend): readonly string[] {
  const sets = needs.map((set) => set.map((each) => `\`${each.replace('*', '<REMOTE>')}\``).join(' and '));
  return [...(overSsh ? ['a key'] : []), ...(sets.length === 0 ? [] : [sets.join(', or ')])];
}

function triedText(name: string): string {
  const trial = TRIALS[name];
  return trial === undefined ? 'no' : `${trial.date}: ${trial.how}`;
}

function aliases(): readonly string[] {
  return [...BACKENDS]
    .filter(([name, backend]) => name !== backend.scheme)
    .map(([name, backend]) => `- \`${name}://\` is taken as \`${backend.scheme}://\``);
}

function quotedList(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}
