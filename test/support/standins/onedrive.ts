import { randomBytes } from 'node:crypto';
import {
  type Answer,
  bearerOf,
  type Call,
  download,
  formOf,
  header,
  lengthOf,
  pageOf,
  Refusal,
  shareOf,
  type StandIn,
} from './service';

export interface OneDriveAccount {
  readonly clientId: string;
  readonly refreshToken: string;
}

interface Session {
  readonly path: string;
  readonly parts: Buffer[];
  /** Known from the first part on. */
  size: number | null;
}

const LOGIN = 'login.microsoftonline.com';
const GRAPH = 'graph.microsoft.com';
const FILES = 'my.microsoftpersonalcontent.com';
const DRIVE = '/v1.0/me/drive';
const TOKEN_SECONDS = 3600;
const QUOTA = 5 * 2 ** 30;

/**
 * OneDrive by Microsoft Graph 1.0 with the refresh token of a public client. Both addresses that it gives for contents are
 * authorised by themselves: a token that is sent there is refused.
 */
export class OneDrive implements StandIn {
  public readonly hosts = [LOGIN, GRAPH, FILES];
  readonly #account: OneDriveAccount;
  readonly #tokens = new Set<string>();
  readonly #contents = new Map<string, Buffer>();
  readonly #sessions = new Map<string, Session>();
  /** By the address that the service made for one download. */
  readonly #downloads = new Map<string, string>();

  public constructor(account: OneDriveAccount) {
    this.#account = account;
  }

  public files(): readonly string[] {
    return [...this.#contents.keys()].sort();
  }

  public answer(call: Call): Answer | null {
    const { host, method, path } = call;
    const what = `${method} ${path}`;
    if (host === LOGIN) return what === 'POST /common/oauth2/v2.0/token' ? this.#token(formOf(call)) : null;
    if (host === FILES) return this.#content(call);
    if (!this.#tokens.has(bearerOf(call)))
      throw refusal(401, 'InvalidAuthenticationToken', 'Access token validation failure.');
    if (what === `GET ${DRIVE}`) return { status: 200, body: { quota: this.#quota() } };
    const [, at, action = ''] = /^\/v1\.0\/me\/drive\/root:(\/[^:]+)(?::(\/\w+))?$/.exec(path) ?? [];
    return at === undefined ? null : this.#item(`${method} ${action}`.trim(), at, call);
  }

  #token(form: URLSearchParams): Answer {
    const refuse = (error: string, why: string): Refusal => new Refusal(400, { error, error_description: why });
    const { clientId, refreshToken } = this.#account;
    if (form.get('grant_type') !== 'refresh_token') throw refuse('unsupported_grant_type', 'AADSTS70003');
    if (form.get('client_id') === null) throw refuse('invalid_request', "AADSTS900144: 'client_id' is missing");
    if (form.get('client_id') !== clientId) throw refuse('unauthorized_client', 'AADSTS700016: no such application');
    if (form.get('refresh_token') !== refreshToken)
      throw refuse('invalid_grant', 'AADSTS9002313: malformed or invalid');
    const token = randomBytes(40).toString('base64url');
    this.#tokens.add(token);
    const scope = 'Files.ReadWrite User.Read';
    const about = { token_type: 'Bearer', scope, expires_in: TOKEN_SECONDS, ext_expires_in: TOKEN_SECONDS };
    return { status: 200, body: { ...about, access_token: token, refresh_token: refreshToken } };
  }

  #quota(): Readonly<Record<string, unknown>> {
    const used = [...this.#contents.values()].reduce((sum, content) => sum + content.length, 0);
    return { deleted: 0, remaining: QUOTA - used, state: 'normal', total: QUOTA, used };
  }

  #item(what: string, at: string, call: Call): Answer | null {
    switch (what) {
      case 'GET /children':
        return this.#children(at, call);
      case 'POST /createUploadSession':
        return this.#session(at);
      case 'GET /content':
        return this.#redirected(this.#known(at));
      case 'GET':
        return { status: 200, body: this.#described(this.#known(at)) };
      case 'DELETE':
        this.#contents.delete(this.#known(at));
        return { status: 204 };
      default:
        return null;
    }
  }

  /** Names differ in more than their case. */
  #known(at: string): string {
    const known = this.files().find((path) => path.toLowerCase() === at.toLowerCase());
    if (known === undefined) throw refusal(404, 'itemNotFound', 'Item does not exist');
    return known;
  }

  #described(path: string): Readonly<Record<string, unknown>> {
    const name = path.replace(/^.*\//s, '');
    return { id: Buffer.from(path).toString('hex'), name, size: this.#contents.get(path)?.length, file: {} };
  }

  #children(at: string, { host, query }: Call): Answer {
    const below = this.files().filter((path) => path.startsWith(`${at}/`));
    if (below.length === 0) throw refusal(404, 'itemNotFound', 'The resource could not be found.');
    const children = below.filter((path) => !path.slice(at.length + 1).includes('/'));
    const { items, next } = pageOf(children, Number(query.get('$skiptoken') ?? '0'));
    const address = `https://${host}${DRIVE}/root:${at}:/children?$skiptoken=${String(next)}`;
    const value = items.map((path) => this.#described(path));
    return { status: 200, body: { value, ...(next === null ? {} : { '@odata.nextLink': address }) } };
  }

  #session(at: string): Answer {
    if (/[*:<>?|"\\]|\/\/|\/$/.test(at)) throw refusal(400, 'invalidRequest', 'The provided name cannot be used');
    const address = `/personal/up/${randomBytes(20).toString('hex')}`;
    this.#sessions.set(address, { path: at, parts: [], size: null });
    return { status: 200, body: { uploadUrl: `https://${FILES}${address}`, expirationDateTime: tomorrow() } };
  }

  #redirected(path: string): Answer {
    const address = `/personal/down/${randomBytes(20).toString('hex')}`;
    this.#downloads.set(address, path);
    return { status: 302, headers: { location: `https://${FILES}${address}` } };
  }

  #content(call: Call): Answer | null {
    const { method, path } = call;
    if (header(call, 'authorization') !== '') throw refusal(401, 'unauthenticated', 'no token is wanted here');
    const session = this.#sessions.get(path);
    if (method === 'PUT' && session !== undefined) return this.#part(call, session);
    const content = this.#contents.get(this.#downloads.get(path) ?? '');
    if (method !== 'GET' || content === undefined)
      throw refusal(404, 'itemNotFound', 'The resource could not be found.');
    return download(call, content, { 'content-type': 'application/octet-stream' });
  }

  /** Parts come one behind the other, each but the last a multiple of 320 KiB and none of 60 MiB or more. */
  #part(call: Call, session: Session): Answer {
    const { body } = call;
    const share = shareOf(call);
    if (share === null) throw refusal(400, 'invalidRequest', 'The Content-Range header is missing or malformed.');
    const isLast = share.to + 1 === share.size;
    if (share.from !== lengthOf(session.parts) || share.size !== (session.size ?? share.size))
      throw refusal(416, 'invalidRange', 'The range is not the one that is expected.');
    if (body.length >= LARGEST || (!isLast && body.length % PART !== 0))
      throw refusal(400, 'invalidRequest', 'The size of the fragment');
    session.size = share.size;
    session.parts.push(body);
    const nextExpectedRanges = [`${String(share.to + 1)}-`];
    if (!isLast) return { status: 202, body: { expirationDateTime: tomorrow(), nextExpectedRanges } };
    this.#sessions.delete(call.path);
    this.#contents.set(session.path, Buffer.concat(session.parts));
    return { status: 201, body: this.#described(session.path) };
  }
}

const PART = 320 * 1024;
const LARGEST = 60 * 2 ** 20;

function tomorrow(): string {
  return new Date(Date.now() + 86_400_000).toISOString();
}

function refusal(status: number, code: string, message: string): Refusal {
  return new Refusal(status, { error: { code, message } });
}
