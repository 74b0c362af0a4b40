import { isLeft, left, right, type Either } from 'fp-ts/Either';
import * as t from 'io-ts';
import { BACKENDS, type Backend, type ImageNeeds } from './backend';

const Stores = t.readonlyArray(t.type({ url: t.string }), 'Stores');

/** The backends of the stores that a `multi:` configuration lists. The message shows nothing of a URL but its scheme. */
export function parseStores(text: string): Either<string, readonly Backend[]> {
  const stores = Stores.decode(jsonOf(text));
  if (isLeft(stores) || stores.right.length === 0) {
    return left(
      'MULTI_CONFIG is not a list of stores; write [{"url": "...", "env": [{"name": "...", "value": "..."}]}, ...]',
    );
  }
  const backends: Backend[] = [];
  for (const { url } of stores.right) {
    const backend = backendOf(url);
    if (typeof backend === 'string') return left(`MULTI_CONFIG: ${backend}`);
    backends.push(backend);
  }
  return right(backends);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function backendOf(url: string): Backend | string {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url) ?? [];
  if (scheme === undefined) return 'one of the stores is no URL; write for example s3://bucket/path';
  const backend = BACKENDS.get(scheme.toLowerCase());
  if (backend === undefined || backend.scheme === 'multi') return `${scheme}:// cannot be one of the stores`;
  // A run has a key for the one host that its URL names.
  if (backend.overSsh)
    return `${scheme}:// cannot be one of the stores: there is no key for it; name it as the URL itself`;
  const isLost = backend.deviceLocal && !/^file:\/\/\/backups(\/|$)/.test(url);
  return isLost ? 'a file:// store must lie in /backups: any other folder vanishes with the container' : backend;
}

/** What an image must have for a backend; for `multi:` what its stores need. */
export function imageNeedsOf(backend: Backend, environment: ReadonlyMap<string, string>): ImageNeeds {
  const stores = backend.scheme === 'multi' ? parseStores(environment.get('MULTI_CONFIG') ?? '') : right([backend]);
  const all = isLeft(stores) ? [] : stores.right;
  const images = all.map(({ image }) => image);
  return {
    image: images.find((image) => image === 'own') ?? images.find((image) => image === 'full') ?? 'small',
    modules: [...new Set(all.flatMap(({ modules }) => modules))],
    programs: [...new Set(all.flatMap(({ programs }) => programs))],
  };
}
