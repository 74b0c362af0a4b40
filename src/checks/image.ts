import { bad, type Check, type Finding, ok, warn } from '../model/finding';
import { type ImageName, parseImageName } from '../model/image';

export interface ImageTools {
  readonly image: string;
  readonly limitMs: number;
  readonly fetch: typeof fetch;
}

const ACCEPTED = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Whether the registry that the name says has the image, as far as that can be known from here: devices pull it. */
export function imageCheck({ image, limitMs, fetch: ask }: ImageTools): Check {
  return {
    what: 'image',
    limitMs,
    examine: async (signal) => {
      const name = parseImageName(image);
      if (name === null) return [bad(`${image} is not the name of an image`, 'Correct DOCKER_IMAGE.')];
      if (name.registry === null)
        return [ok(`${image} is at the engines' own registry, which the devices ask, not we`)];
      return [told(image, name.registry, await statusOf(name, ask, signal))];
    },
  };
}

function told(image: string, registry: string, status: number | null): Finding {
  if (status === 200) return ok(`${registry} has ${image}`);
  if (status === 404) {
    return bad(
      `${registry} has no ${image}`,
      'Correct DOCKER_IMAGE, or push the image. A device that has a copy runs that.',
    );
  }
  if (status === null) {
    const why = `${registry} cannot be reached from here, so it is not known whether it has ${image}`;
    return warn(why, 'See that the devices reach it: they pull the image.');
  }
  const why = `${registry} answers ${String(status)}, so it is not known whether it has ${image}`;
  return warn(why, 'See that devices may pull from it: they have no login there.');
}

/** The HTTP status for the image's manifest; null without an answer. TLS first, as engines do. */
async function statusOf(name: ImageName, ask: typeof fetch, signal: AbortSignal): Promise<number | null> {
  for (const scheme of ['https', 'http']) {
    const url = `${scheme}://${name.registry ?? ''}/v2/${name.repository}/manifests/${name.reference}`;
    try {
      return await manifestStatus(url, ask, signal);
    } catch {
      if (signal.aborted) return null;
    }
  }
  return null;
}

async function manifestStatus(url: string, ask: typeof fetch, signal: AbortSignal): Promise<number> {
  const headers = { accept: ACCEPTED };
  const first = await ask(url, { method: 'HEAD', headers, signal });
  const wanted = first.status === 401 ? tokenUrlOf(first.headers.get('www-authenticate') ?? '') : null;
  if (wanted === null) return first.status;
  // Public images have a token for everybody.
  const token = tokenIn(await (await ask(wanted, { signal })).json());
  if (token === null) return first.status;
  const second = await ask(url, { method: 'HEAD', headers: { ...headers, authorization: `Bearer ${token}` }, signal });
  return second.status;
}

/** `Bearer realm="...",service="...",scope="..."` */
function tokenUrlOf(header: string): string | null {
  const fields = new Map([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]));
  const realm = fields.get('realm') ?? '';
  if (!/^Bearer /i.test(header) || !/^https:\/\//.test(realm)) return null;
  const url = new URL(realm);
  for (const key of ['service', 'scope']) url.searchParams.set(key, fields.get(key) ?? '');
  return url.href;
}

function tokenIn(answer: unknown): string | null {
  if (typeof answer !== 'object' || answer === null) return null;
  const token: unknown = Reflect.get(answer, 'token') ?? Reflect.get(answer, 'access_token');
  return typeof token === 'string' && /^[\x21-\x7e]+$/.test(token) ? token : null;
}
