import { randomBytes } from 'node:crypto';
import { type Answer, type Call, download, fieldsOf, hashOf, header, pageOf, Refusal, type StandIn } from './service';

interface Version {
  readonly id: string;
  readonly name: string;
  readonly content: Buffer;
  readonly type: string;
  readonly info: Readonly<Record<string, string>>;
  readonly uploadedAt: number;
}

export interface B2Account {
  readonly keyId: string;
  readonly key: string;
  /** The one bucket that the key is for, as most people make theirs. */
  readonly bucket: string;
}

const REALM = 'api.backblazeb2.com';
const API = 'api004.backblazeb2.com';
const FILES = 'f004.backblazeb2.com';
const POD = 'pod-040-2004-13.backblaze.com';

/** Backblaze B2's native API, version 3: https://www.backblaze.com/apidocs. */
export class B2 implements StandIn {
  public readonly hosts = [REALM, API, FILES, POD];
  readonly #account: B2Account;
  readonly #accountId = randomBytes(6).toString('hex');
  readonly #bucketId = randomBytes(12).toString('hex');
  readonly #tokens = new Set<string>();
  /** By the URL's path: each upload URL has a token of its own. */
  readonly #uploads = new Map<string, string>();
  /** The newest version of a name last. */
  readonly #versions: Version[] = [];

  public constructor(account: B2Account) {
    this.#account = account;
  }

  public files(): readonly string[] {
    return [...new Set(this.#versions.map(({ name }) => name))].sort();
  }

  public answer(call: Call): Answer | null {
    const { host, method, path } = call;
    if (host === REALM) return path === '/b2api/v3/b2_authorize_account' ? this.#authorize(call) : null;
    if (host === POD) return method === 'POST' ? this.#upload(call) : null;
    if (!this.#tokens.has(header(call, 'authorization'))) throw refusal(401, 'bad_auth_token', 'Invalid auth token');
    // The library asks the API's host too for what is in a file's headers.
    if (path.startsWith('/file/')) return this.#download(call);
    if (host !== API) return null;
    if (method !== 'POST') throw refusal(405, 'method_not_allowed', 'only POST is supported');
    return this.#operation(call);
  }

  #authorize(call: Call): Answer {
    const { keyId, key, bucket } = this.#account;
    const login = `Basic ${Buffer.from(`${keyId}:${key}`).toString('base64')}`;
    if (header(call, 'authorization') !== login) throw refusal(401, 'unauthorized', '');
    const authorizationToken = `4_${randomBytes(20).toString('base64url')}`;
    this.#tokens.add(authorizationToken);
    const storageApi = {
      absoluteMinimumPartSize: 5_000_000,
      recommendedPartSize: 100_000_000,
      apiUrl: `https://${API}`,
      downloadUrl: `https://${FILES}`,
      s3ApiUrl: 'https://s3.us-west-004.backblazeb2.com',
      bucketId: this.#bucketId,
      bucketName: bucket,
      capabilities: ['listBuckets', 'listFiles', 'readFiles', 'writeFiles', 'deleteFiles'],
      namePrefix: null,
      infoType: 'storageApi',
    };
    const body = { accountId: this.#accountId, authorizationToken, apiInfo: { storageApi } };
    return { status: 200, body: { ...body, applicationKeyExpirationTimestamp: null } };
  }

  #operation({ path, body }: Call): Answer | null {
    const given = fieldsOf(body.toString('utf8'));
    switch (path.replace('/b2api/v3/', '')) {
      case 'b2_list_buckets':
        return this.#buckets(given);
      case 'b2_list_file_names':
        return this.#names(given);
      case 'b2_get_upload_url':
        return this.#uploadUrl(given);
      case 'b2_delete_file_version':
        return this.#delete(given);
      case 'b2_create_bucket':
        throw refusal(401, 'unauthorized', 'the key lacks writeBuckets');
      default:
        return null;
    }
  }

  /** A key for one bucket may only ask for that one. */
  #buckets({ accountId, bucketName, bucketId }: Readonly<Record<string, unknown>>): Answer {
    if (accountId !== this.#accountId) throw refusal(400, 'bad_request', 'invalid accountId');
    const { bucket } = this.#account;
    if (bucketName !== bucket && bucketId !== this.#bucketId) throw refusal(401, 'unauthorized', 'another bucket');
    const unread = { isClientAuthorizedToRead: false, value: null };
    const about = {
      accountId,
      bucketId: this.#bucketId,
      bucketName: bucket,
      bucketType: 'allPrivate',
      bucketInfo: {},
      corsRules: [],
      lifecycleRules: [],
      options: ['s3'],
      revision: 2,
      defaultServerSideEncryption: unread,
      fileLockConfiguration: unread,
    };
    return { status: 200, body: { buckets: [about] } };
  }

  #mustBeOurs(bucketId: unknown): void {
    if (bucketId !== this.#bucketId) throw refusal(401, 'unauthorized', 'another bucket');
  }

  #names({ bucketId, startFileName, prefix, maxFileCount }: Readonly<Record<string, unknown>>): Answer {
    this.#mustBeOurs(bucketId);
    if (typeof maxFileCount !== 'number' || maxFileCount > 10_000) throw refusal(400, 'bad_request', 'maxFileCount');
    const from = typeof startFileName === 'string' ? startFileName : '';
    const below = typeof prefix === 'string' ? prefix : '';
    const names = this.files().filter((name) => name >= from && name.startsWith(below));
    const { items, next } = pageOf(names, 0);
    const files = items.flatMap((name) => this.#versions.filter((each) => each.name === name).slice(-1));
    const nextFileName = next === null ? null : names[next];
    return { status: 200, body: { files: files.map((version) => this.#described(version)), nextFileName } };
  }

  #described({ id, name, content, type, info, uploadedAt }: Version): Readonly<Record<string, unknown>> {
    return {
      accountId: this.#accountId,
      action: 'upload',
      bucketId: this.#bucketId,
      contentLength: content.length,
      contentMd5: hashOf('md5', content),
      contentSha1: hashOf('sha1', content),
      contentType: type,
      fileId: id,
      fileInfo: info,
      fileName: name,
      fileRetention: { isClientAuthorizedToRead: false, value: null },
      legalHold: { isClientAuthorizedToRead: false, value: null },
      uploadTimestamp: uploadedAt,
    };
  }

  #uploadUrl({ bucketId }: Readonly<Record<string, unknown>>): Answer {
    this.#mustBeOurs(bucketId);
    const path = `/b2api/v3/b2_upload_file/${this.#bucketId}/c004_v${randomBytes(6).toString('hex')}`;
    const authorizationToken = randomBytes(20).toString('base64url');
    this.#uploads.set(path, authorizationToken);
    return { status: 200, body: { bucketId, uploadUrl: `https://${POD}${path}`, authorizationToken } };
  }

  #upload(call: Call): Answer {
    if (this.#uploads.get(call.path) !== header(call, 'authorization'))
      throw refusal(401, 'bad_auth_token', 'Invalid authorization token');
    const name = decoded(header(call, 'x-bz-file-name'));
    if (!isName(name)) throw refusal(400, 'bad_request', `File name: ${name}`);
    const type = header(call, 'content-type');
    if (type === '') throw refusal(400, 'bad_request', 'Content-Type is missing');
    const content = checked(call);
    const info = Object.entries(call.headers).flatMap(([key, value]) =>
      key.startsWith('x-bz-info-') ? [[key.slice('x-bz-info-'.length), decoded(String(value))] as const] : [],
    );
    const id = `4_z${this.#bucketId}_f${randomBytes(8).toString('hex')}_d20261126_m000000_c004_v0402004_t0013`;
    const version = { id, name, content, type, info: Object.fromEntries(info), uploadedAt: Date.now() };
    this.#versions.push(version);
    return { status: 200, body: this.#described(version) };
  }

  #download(call: Call): Answer {
    const [, bucket, name] = /^\/file\/([^/]+)\/(.+)$/s.exec(call.path) ?? [];
    const version = this.#versions.filter((each) => each.name === name).pop();
    if (bucket !== this.#account.bucket || version === undefined || !/^(GET|HEAD)$/.test(call.method))
      throw refusal(404, 'not_found', `File with such name does not exist: ${String(name)}`);
    const info = Object.entries(version.info).map(
      ([key, value]) => [`x-bz-info-${key}`, encodeURIComponent(value)] as const,
    );
    return download(call, version.content, {
      ...Object.fromEntries(info),
      'content-type': version.type,
      'x-bz-file-id': version.id,
      'x-bz-file-name': encodeURIComponent(version.name).replaceAll('%2F', '/'),
      'x-bz-content-sha1': hashOf('sha1', version.content),
      'x-bz-upload-timestamp': String(version.uploadedAt),
    });
  }

  #delete({ fileId, fileName }: Readonly<Record<string, unknown>>): Answer {
    const index = this.#versions.findIndex(({ id, name }) => id === fileId && name === fileName);
    if (index < 0) throw refusal(400, 'file_not_present', `File not present: ${String(fileName)} ${String(fileId)}`);
    this.#versions.splice(index, 1);
    return { status: 200, body: { fileId, fileName } };
  }
}

function refusal(status: number, code: string, message: string): Refusal {
  return new Refusal(status, { status, code, message });
}

function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

function isName(name: string): boolean {
  const bytes = Buffer.byteLength(name);
  return bytes >= 1 && bytes <= 1024 && !/^\/|\/$|\/\/|\p{Cc}/u.test(name);
}

/** The body without what its checksum takes of it; the checksum stands in a header, or behind the content. */
function checked(call: Call): Buffer {
  if (header(call, 'content-length') === '') throw refusal(411, 'length_required', 'Content-Length is missing');
  const named = header(call, 'x-bz-content-sha1');
  const atEnd = named === 'hex_digits_at_end';
  const content = atEnd ? call.body.subarray(0, -SHA1_DIGITS) : call.body;
  const sha1 = atEnd ? call.body.subarray(-SHA1_DIGITS).toString('latin1') : named;
  if (sha1 === hashOf('sha1', content)) return content;
  throw refusal(400, 'bad_request', 'Sha1 did not match data received');
}

const SHA1_DIGITS = 40;
