import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgramSync } from './process';

/** How this machine reaches Debian: the lab's base images do it in the same way. */
export interface AptSettings {
  readonly mirror: string;
  /** Lines for apt.conf. */
  readonly lines: readonly string[];
}

const DEFAULT_MIRROR = 'http://deb.debian.org/debian';
const DEBIAN_SUITE = /^(oldstable|stable|testing|unstable|sid|bullseye|bookworm|trixie|forky)$/;

export function readAptSettings(folder = '/etc/apt'): AptSettings {
  const texts = [join(folder, 'sources.list'), ...filesIn(join(folder, 'sources.list.d'))];
  const mirrors = texts.flatMap((file) => (file.endsWith('.sources') ? stanzasOf(file) : linesOf(file)));
  const mirror = mirrors.map(directly).find((each) => each !== null) ?? DEFAULT_MIRROR;
  const lines = runProgramSync('apt-config', ['dump'])
    .split('\n')
    .filter((line) => /^Acquire::https?::([^ ]*::)?Proxy /i.test(line));
  return { mirror, lines };
}

function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.(list|sources)$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** One-line format: `deb [options] URI SUITE COMPONENT...`. */
function linesOf(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, uri = '', suite = '', components = ''] =
        /^deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
      return isMain([uri], suite, components) ? [uri] : [];
    });
}

/** deb822 format: stanzas of `Field: values`. */
function stanzasOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8').replace(/^#.*\n/gm, '');
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string): string => new RegExp(`^${name}:(.*)$`, 'im').exec(stanza)?.[1]?.trim() ?? '';
    const uris = field('URIs').split(/\s+/);
    if (field('Enabled').toLowerCase() === 'no' || !/\bdeb(\s|$)/.test(field('Types'))) return [];
    return isMain(uris, field('Suites'), field('Components')) ? uris : [];
  });
}

function isMain(uris: readonly string[], suites: string, components: string): boolean {
  const isDebian = suites.split(/\s+/).some((suite) => DEBIAN_SUITE.test(suite));
  return isDebian && components.split(/\s+/).includes('main') && !uris.some((uri) => uri.includes('security'));
}

/** Debian's cloud images name a file with mirrors. Media and the like cannot be used from an image. */
function directly(uri: string): string | null {
  if (/^https?:\/\//.test(uri)) return uri.replace(/\/+$/, '');
  const file = /^mirror\+file:(?:\/\/)?(\/.*)$/.exec(uri)?.[1];
  if (file === undefined || !existsSync(file)) return null;
  const listed = readFileSync(file, 'utf8')
    .split(/\s+/)
    .find((word) => /^https?:\/\//.test(word));
  return listed?.replace(/\/+$/, '') ?? null;
}
