import { createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto';
import { multipartOf } from './multipart';
import {
  type Answer,
  bearerOf,
  type Call,
  download,
  fieldsOf,
  formOf,
  header,
  lengthOf,
  pageOf,
  Refusal,
  shareOf,
  type StandIn,
} from './service';

export interface DriveAccount {
  /** The service account's address. */
  readonly email: string;
  /** PEM of its public key. */
  readonly publicKey: string;
  /** The shared drive that it is a member of. */
  readonly driveId: string;
}

interface Item {
  readonly id: string;
  readonly name: string;
  readonly parent: string;
  readonly mimeType: string;
  content: Buffer;
}

interface Upload {
  readonly store: (content: Buffer) => Item;
  readonly size: number;
  readonly parts: Buffer[];
}

const LOGIN = 'oauth2.googleapis.com';
const API = 'www.googleapis.com';
const FILES = '/drive/v3/files';
const FOLDER = 'application/vnd.google-apps.folder';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const SCOPE = 'https://www.googleapis.com/auth/drive';
/** All parts of a resumable upload but the last are a multiple of it. */
const PART = 256 * 1024;

/** Google Drive's API, version 3, as a service account sees a shared drive. Names are no keys: two files may have one. */
export class GoogleDrive implements StandIn {
  public readonly hosts = [LOGIN, API];
  readonly #account: DriveAccount;
  readonly #publicKey: KeyObject;
  readonly #tokens = new Set<string>();
  readonly #items = new Map<string, Item>();
  readonly #uploads = new Map<string, Upload>();

  public constructor(account: DriveAccount) {
    this.#account = account;
    this.#publicKey = createPublicKey(account.publicKey);
  }

  public files(): readonly string[] {
    return [...this.#items.values()].filter(({ mimeType }) => mimeType !== FOLDER).map((item) => this.#pathOf(item));
  }

  #pathOf({ name, parent }: Item): string {
    const folder = this.#items.get(parent);
    return `${folder === undefined ? '' : this.#pathOf(folder)}/${name}`;
  }

  public answer(call: Call): Answer | null {
    const { host, method, path, query } = call;
    if (host === LOGIN) return `${method} ${path}` === 'POST /token' ? this.#token(formOf(call)) : null;
    if (!this.#tokens.has(bearerOf(call))) throw refusal(401, 'authError', 'Invalid Credentials');
    if (query.get('supportsAllDrives') !== 'true') throw refusal(404, 'notFound', 'File not found in My Drive');
    const id = idIn(path);
    if (id === null) return null;
    return path.startsWith('/upload/') ? this.#upload(call, id) : this.#file(call, id);
  }

  #file(call: Call, id: string): Answer | null {
    if (id !== '') return this.#item(call, this.#known(id));
    return call.method === 'GET' ? this.#list(call.query) : this.#createFolder(call);
  }

  /** The account proves itself by a signature over who it is and what it wants; no key ever comes here. */
  #token(form: URLSearchParams): Answer {
    if (form.get('grant_type') !== GRANT) throw noToken('unsupported_grant_type', 'Invalid grant_type');
    const { iss, aud, scope, iat, exp } = this.#claims(form.get('assertion') ?? '');
    if (iss !== this.#account.email) throw noToken('invalid_grant', 'Invalid grant: account not found');
    const left = Number(exp) - Date.now() / 1000;
    const isNow = left > 0 && left < 3660 && Number(exp) - Number(iat) <= 3600;
    if (aud !== `https://${LOGIN}/token` || !isNow) throw noToken('invalid_grant', 'Invalid JWT: audience or time');
    if (!String(scope).split(' ').includes(SCOPE)) throw noToken('invalid_scope', 'Invalid OAuth scope');
    const token = `ya29.c.${randomBytes(40).toString('base64url')}`;
    this.#tokens.add(token);
    return { status: 200, body: { access_token: token, expires_in: 3599, token_type: 'Bearer' } };
  }

  #claims(assertion: string): Readonly<Record<string, unknown>> {
    const [head = '', claims = '', signature = ''] = assertion.split('.');
    const signed = Buffer.from(`${head}.${claims}`);
    if (!verify('sha256', signed, this.#publicKey, Buffer.from(signature, 'base64url')))
      throw noToken('invalid_grant', 'Invalid JWT Signature.');
    return fieldsOf(Buffer.from(claims, 'base64url').toString('utf8'));
  }

  #known(id: string): Item {
    const item = this.#items.get(id);
    if (item === undefined) throw refusal(404, 'notFound', `File not found: ${id}.`);
    return item;
  }

  #list(query: URLSearchParams): Answer {
    const inDrive = query.get('corpora') === 'drive' && query.get('includeItemsFromAllDrives') === 'true';
    if (!inDrive) throw refusal(400, 'invalid', 'a shared drive is listed by corpora and includeItemsFromAllDrives');
    if (query.get('driveId') !== this.#account.driveId) throw refusal(404, 'notFound', 'Shared drive not found');
    const passes = filterOf(query.get('q') ?? '');
    const found = [...this.#items.values()].filter(passes);
    const { items, next } = pageOf(found, Number(query.get('pageToken') ?? '0'));
    const [, fields = 'kind,id,name,mimeType'] = /files\(([^)]*)\)/.exec(query.get('fields') ?? '') ?? [];
    const files = items.map((item) => this.#described(item, fields));
    return { status: 200, body: { files, ...(next === null ? {} : { nextPageToken: String(next) }) } };
  }

  /** Only what was asked for; sizes are texts. */
  #described({ id, name, mimeType, parent, content }: Item, fields: string): Readonly<Record<string, unknown>> {
    const size = mimeType === FOLDER ? {} : { size: String(content.length) };
    const all = { kind: 'drive#file', id, name, mimeType, parents: [parent], trashed: false, ...size };
    const asked = fields.split(',');
    return Object.fromEntries(Object.entries(all).filter(([key]) => asked.includes(key)));
  }

  #answered(item: Item, { query }: Call): Answer {
    return { status: 200, body: this.#described(item, query.get('fields') ?? 'kind,id,name,mimeType') };
  }

  #createFolder(call: Call): Answer | null {
    const about = fieldsOf(call.body.toString('utf8'));
    if (call.method !== 'POST' || about['mimeType'] !== FOLDER) return null;
    return this.#answered(this.#creating(about, FOLDER)(Buffer.alloc(0)), call);
  }

  /** What makes the item, once its content is there. */
  #creating(about: Readonly<Record<string, unknown>>, mimeType: string): (content: Buffer) => Item {
    const { name, parents } = about;
    const parent: unknown = Array.isArray(parents) ? parents[0] : undefined;
    if (typeof name !== 'string' || typeof parent !== 'string') throw refusal(400, 'invalid', 'no name or no parent');
    if (parent !== this.#account.driveId && this.#known(parent).mimeType !== FOLDER)
      throw refusal(403, 'parentNotAFolder', 'The specified parent is not a folder.');
    const id = `1${randomBytes(24).toString('base64url')}`;
    return (content) => {
      const item = { id, name, parent, mimeType, content };
      this.#items.set(id, item);
      return item;
    };
  }

  #item(call: Call, item: Item): Answer | null {
    const { method, query } = call;
    if (method === 'DELETE') {
      this.#items.delete(item.id);
      return { status: 204 };
    }
    if (method !== 'GET') return null;
    if (query.get('alt') !== 'media') return this.#answered(item, call);
    return download(call, item.content, { 'content-type': item.mimeType });
  }

  #upload(call: Call, id: string): Answer | null {
    const { method, query, body } = call;
    const begun = this.#uploads.get(query.get('upload_id') ?? '');
    if (begun !== undefined) return method === 'PUT' ? this.#part(call, begun) : null;
    if (method !== (id === '' ? 'POST' : 'PATCH')) return null;
    const old = id === '' ? null : this.#known(id);
    const storing = (about: Readonly<Record<string, unknown>>, type: string): ((content: Buffer) => Item) =>
      old === null ? this.#creating(about, type) : (content) => Object.assign(old, { content });
    if (query.get('uploadType') === 'multipart') {
      const parts = multipartOf(call);
      if (parts === null) throw refusal(400, 'badContent', 'Malformed multipart body.');
      const { about, type, content } = parts;
      return this.#answered(storing(about, type)(content), call);
    }
    if (query.get('uploadType') !== 'resumable') return null;
    const store = storing(fieldsOf(body.toString('utf8')), header(call, 'x-upload-content-type'));
    const uploadId = randomBytes(20).toString('base64url');
    this.#uploads.set(uploadId, { store, size: Number(header(call, 'x-upload-content-length')), parts: [] });
    const location = `https://${API}${call.path}?${query.toString()}&upload_id=${uploadId}`;
    return { status: 200, headers: { location } };
  }

  #part(call: Call, upload: Upload): Answer {
    const share = shareOf(call);
    if (share?.from !== lengthOf(upload.parts) || share.size !== upload.size)
      throw refusal(400, 'badRequest', 'Invalid range');
    const isLast = share.to + 1 === share.size;
    if (!isLast && call.body.length % PART !== 0) throw refusal(400, 'badRequest', 'Invalid size of a part');
    upload.parts.push(call.body);
    if (!isLast) return { status: 308, headers: { range: `bytes=0-${String(share.to)}` } };
    this.#uploads.delete(call.query.get('upload_id') ?? '');
    return this.#answered(upload.store(Buffer.concat(upload.parts)), call);
  }
}

/** Empty where the path means all files, null where it means none. */
function idIn(path: string): string | null {
  const [, id] = /^(?:\/upload)?\/drive\/v3\/files(?:\/([\w-]+))?$/.exec(path) ?? [];
  return id ?? (path.replace(/^\/upload/, '') === FILES ? '' : null);
}

function noToken(error: string, why: string): Refusal {
  return new Refusal(400, { error, error_description: why });
}

function refusal(code: number, reason: string, message: string): Refusal {
  return new Refusal(code, { error: { code, message, errors: [{ domain: 'global', reason, message }] } });
}

/** A query as Duplicity writes them: terms joined by `and`. */
function filterOf(query: string): (item: Item) => boolean {
  const terms = query.split(' and ').map((term): ((item: Item) => boolean) => {
    const [, value, key] = /^'([^']*)' in (parents)$/.exec(term) ?? [];
    if (key !== undefined) return ({ parent }) => parent === value;
    const [, field, text] = /^(name|mimeType) = '([^']*)'$/.exec(term) ?? [];
    if (field !== undefined) return ({ name, mimeType }) => (field === 'name' ? name : mimeType) === text;
    if (/^trashed ?= ?false$/.test(term)) return () => true;
    throw refusal(400, 'invalid', `Invalid Value: ${term}`);
  });
  return (item) => terms.every((passes) => passes(item));
}
