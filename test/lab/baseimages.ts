import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type AptSettings, readAptSettings } from './aptsources';
import { keyOf, type Say } from './cache';
import { ISOLATED } from './daemon';
import { runProgram } from './process';

/** What the base images of this machine are made from. */
export interface BaseRecipe {
  readonly suite: Suite;
  readonly key: string;
  readonly apt: AptSettings;
  /** The machine's certificate authorities, or null. */
  readonly authorities: Buffer | null;
}

/** Debian's names: what the images stand on, and the one before, whose Duplicity is 0.8. */
export type Suite = 'trixie' | 'bookworm';
export const SUITE = 'trixie';
export const BASE_TAG = `debian:${SUITE}-slim`;
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const MACHINE_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';
/** Not where Debian's own package writes, so that installing it in an image changes nothing. */
export const AUTHORITIES_IN_IMAGE = '/usr/local/share/lab-authorities.crt';

/** The slim images of Debian leave the same out. */
const SLIM = `path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-include /usr/share/locale/locale.alias
`;
/** Ours is a container's disk: durability only costs time. */
const UNSAFE = 'force-unsafe-io\n';
const APT_LINES = ['Acquire::Languages "none";', 'Acquire::Retries "3";', 'APT::Install-Recommends "false";'];

export function readBaseRecipe(suite: Suite = SUITE): BaseRecipe {
  const apt = readAptSettings();
  const authorities = existsSync(MACHINE_AUTHORITIES) ? readFileSync(MACHINE_AUTHORITIES) : null;
  const key = keyOf(suite, apt.mirror, ...apt.lines, SLIM, UNSAFE, ...APT_LINES, authorities ?? '', process.arch);
  return { suite, key, apt, authorities };
}

/** Writes `rootfs.tar` into the folder: what the image `debian:<suite>-slim` holds, with this machine's way to Debian. */
export async function makeBase(recipe: BaseRecipe, folder: string, note: Say): Promise<void> {
  const root = join(folder, 'root');
  await debootstrap(recipe, root, note);
  const put = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  put('etc/apt/sources.list', `deb ${recipe.apt.mirror} ${recipe.suite} main\n`);
  const trusted = recipe.authorities === null ? [] : [`Acquire::https::CAInfo "${AUTHORITIES_IN_IMAGE}";`];
  put('etc/apt/apt.conf.d/90lab', `${[...APT_LINES, ...recipe.apt.lines, ...trusted].join('\n')}\n`);
  put('etc/dpkg/dpkg.cfg.d/90lab', `${SLIM}${UNSAFE}`);
  if (recipe.authorities !== null) put(AUTHORITIES_IN_IMAGE, recipe.authorities);
  const without = ['proc/*', 'sys/*', 'var/cache/apt/*.bin', 'var/cache/apt/archives/*.deb', 'var/lib/apt/lists/*']
    .concat(['var/log/*.log', 'usr/share/doc/*/*', 'usr/share/man/*', 'usr/share/info/*', 'usr/share/locale/*'])
    .map((each) => `--exclude=./${each}`);
  await runProgram('tar', ['--numeric-owner', ...without, '-C', root, '-cf', join(folder, 'rootfs.tar'), '.']);
  rmSync(root, { recursive: true });
}

/** In a mount namespace of its own: one that is killed leaves no mount in the folder that will be removed. */
async function debootstrap(recipe: BaseRecipe, root: string, note: Say): Promise<void> {
  // An older debootstrap knows no newer suite by name; all of them are made in the same way.
  const script = existsSync(`/usr/share/debootstrap/scripts/${recipe.suite}`)
    ? []
    : ['/usr/share/debootstrap/scripts/sid'];
  const args = ['--variant=minbase', `--keyring=${KEYRING}`, recipe.suite, root, recipe.apt.mirror, ...script];
  const [program = '', ...rest] = [...ISOLATED, 'debootstrap', ...args];
  const attempt = (): Promise<string> => runProgram(program, rest, { onLine: note });
  try {
    await attempt();
  } catch (error) {
    if (!/unknown key|NO_PUBKEY|keyring/i.test(String(error))) throw error;
    note('the keyring of this machine is too old for the suite: bringing a newer one');
    const apt = 'apt-get update -qq && apt-get install -y -qq --only-upgrade debian-archive-keyring';
    await runProgram('sh', ['-ec', apt], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    rmSync(root, { recursive: true, force: true });
    await attempt();
  }
}
