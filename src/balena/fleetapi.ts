import type { BalenaSDK } from 'balena-sdk';
import { type Either, isLeft, left, map, right } from 'fp-ts/Either';
import type { Device } from '../model/device';
import type { Failure } from '../model/failure';
import type { AccountKey, FleetApi, FleetReading, KeyEnsured } from '../model/ports';
import type { Secret } from '../model/secret';
import { failureOf } from './failures';
import { idOf, ReadingBuilder } from './rows';

export interface FleetApiOptions {
  readonly apiUrl: string;
  readonly apiKey: Secret;
  /** Slugs of the only fleets to read, or null for all that the key can see. */
  readonly fleets: readonly string[] | null;
  /** For one request, its answer included. */
  readonly timeoutMs?: number;
}

type Call = <T>(ask: (sdk: BalenaSDK) => Promise<T>) => Promise<Either<Failure, T>>;

/** One more than the thousand devices that one request is promised for: a page that is not full is the last. */
const PAGE = 1001;
const TAGS = { $select: ['tag_key', 'value'] } as const;
const HAS_TAG = { $any: { $alias: 't', $expr: { t: { tag_key: 'backupEnabled' } } } };
/** An `$and` needs two sides. */
const ANY = { id: { $gt: 0 } };
/** The tag may be the device's own or its fleet's. */
const TAGGED = {
  $or: [
    { device_tag: HAS_TAG },
    { belongs_to__application: { $any: { $alias: 'f', $expr: { f: { application_tag: HAS_TAG } } } } },
  ],
};

/** balena's API through its own SDK, which is loaded at the first call. */
export function createFleetApi(options: FleetApiOptions): FleetApi {
  let sdk: Promise<BalenaSDK> | null = null;
  const callWith =
    (signal: AbortSignal): Call =>
    async (ask) => {
      sdk ??= sdkOf(options.apiUrl);
      const loaded = sdk;
      const answer = async (): ReturnType<typeof ask> => {
        const api = await loaded;
        // Anew for each call: the SDK keeps what it learnt of a login, also that a key was refused.
        await api.auth.loginWithToken(options.apiKey.reveal());
        return ask(api);
      };
      try {
        return right(await within(options.timeoutMs ?? 60_000, signal, answer()));
      } catch (error) {
        return left(signal.aborted ? { kind: 'cancelled', by: 'shutdown' } : failureOf(error));
      }
    };
  return {
    readDevices: (signal, share) => read(callWith(signal), options.fleets, TAGGED, share),
    readAll: (signal) => read(callWith(signal), options.fleets, ANY),
    findDevices: (meant, signal) => find(callWith(signal), options.fleets, meant),
    username: (signal) => callWith(signal)(async (api) => (await api.auth.getUserInfo()).username),
    hasKey: (publicKey, signal) => callWith(signal)(async (api) => hasMaterial(await keysOf(api), publicKey)),
    ensureKey: (key, signal) => callWith(signal)((api) => ensureKey(api, key)),
  };
}

async function sdkOf(apiUrl: string): Promise<BalenaSDK> {
  const { getSdk } = await import('balena-sdk');
  return getSdk({ apiUrl: `${apiUrl}/`, dataDirectory: false });
}

/** The SDK's own signal handling throws where nobody can catch it, so a request that is too late is left to itself. */
async function within<T>(limitMs: number, signal: AbortSignal, answer: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => {
      reject(new Error('the answer is no longer waited for'));
    };
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${String(limitMs / 1000)} s`));
    }, limitMs);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    void answer.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    });
  });
}

async function read(
  call: Call,
  fleets: readonly string[] | null,
  which: object,
  share?: (device: Device) => Device,
): Promise<Either<Failure, FleetReading>> {
  const builder = new ReadingBuilder(share);
  const failure =
    (await readPages(call, [which, ...inFleets(fleets)], builder)) ??
    (await lookForFleets(call, fleets ?? [], builder));
  return failure === null ? right(builder.reading()) : left(failure);
}

/** Keyset pages: rows that come or go between two requests neither repeat nor hide others. */
async function readPages(call: Call, filters: readonly object[], to: ReadingBuilder): Promise<Failure | null> {
  for (let after = 0; ;) {
    const page = await call((api) => pageOf(api, [{ id: { $gt: after } }, ...filters]));
    if (isLeft(page)) return page.left;
    const rows = page.right;
    for (const row of rows) to.add(row);
    const last = idOf(rows.at(-1));
    if (rows.length < PAGE || last === null || last <= after) return null;
    after = last;
  }
}

/** A fleet that was misspelt, or that the key may not see, would silently never be backed up. */
async function lookForFleets(call: Call, slugs: readonly string[], to: ReadingBuilder): Promise<Failure | null> {
  const unseen = slugs.filter((slug) => !to.hasSeen(slug));
  if (unseen.length === 0) return null;
  const found = await call((api) =>
    api.pine.get({ resource: 'application', options: { $select: ['slug'], $filter: { slug: { $in: unseen } } } }),
  );
  if (isLeft(found)) return found.left;
  const known = new Set(found.right.map(({ slug }) => slug));
  for (const slug of unseen) if (!known.has(slug)) to.miss(slug);
  return null;
}

/** The text is a person's: a name, or the beginning of a UUID. */
async function find(
  call: Call,
  fleets: readonly string[] | null,
  meant: string,
): Promise<Either<Failure, FleetReading>> {
  const isUuid = /^[0-9a-f]{7,}$/i.test(meant);
  const named = { device_name: meant };
  const either = isUuid ? { $or: [named, { uuid: { $startswith: meant.toLowerCase() } }] } : named;
  const builder = new ReadingBuilder();
  return map((rows: readonly unknown[]) => {
    for (const row of rows) builder.add(row);
    return builder.reading();
  })(await call((api) => pageOf(api, [either, ANY, ...inFleets(fleets)])));
}

/** The devices that all filters let through, with everything that a policy is made from. */
async function pageOf(api: BalenaSDK, filters: readonly object[]): Promise<readonly unknown[]> {
  return api.pine.get({
    resource: 'device',
    options: {
      $select: ['id', 'uuid', 'device_name', 'is_connected_to_vpn'],
      $expand: {
        device_tag: TAGS,
        belongs_to__application: { $select: ['id', 'slug'], $expand: { application_tag: TAGS } },
      },
      $filter: { $and: [...filters] },
      $orderby: { id: 'asc' },
      $top: PAGE,
    },
  });
}

function inFleets(slugs: readonly string[] | null): readonly object[] {
  if (slugs === null) return [];
  return [{ belongs_to__application: { $any: { $alias: 'a', $expr: { a: { slug: { $in: [...slugs] } } } } } }];
}

async function ensureKey(api: BalenaSDK, { title, publicKey, isNew }: AccountKey): Promise<KeyEnsured> {
  const keys = await keysOf(api);
  // The API takes the same key again with another comment.
  if (hasMaterial(keys, publicKey)) return { added: false, removed: 0 };
  await api.models.key.create(title, publicKey);
  const useless = isNew ? keys.filter((key) => key.title === title && isOurs(key.public_key, publicKey)) : [];
  for (const { id } of useless) await api.models.key.remove(id);
  return { added: true, removed: useless.length };
}

interface ListedKey {
  readonly id: number;
  readonly title: string;
  readonly public_key: string;
}

function keysOf(api: BalenaSDK): Promise<readonly ListedKey[]> {
  return api.models.key.getAll({ $select: ['id', 'title', 'public_key'] });
}

function hasMaterial(keys: readonly ListedKey[], publicKey: string): boolean {
  return keys.some((key) => materialOf(key.public_key) === materialOf(publicKey));
}

/** Both by us: another program's key, or a person's, has not our comment. */
function isOurs(line: string, publicKey: string): boolean {
  return commentOf(line) === commentOf(publicKey);
}

function commentOf(line: string): string {
  return line.trim().split(/\s+/).slice(2).join(' ');
}

function materialOf(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(' ');
}
