import { createHash, randomBytes } from 'node:crypto';
import { type Answer, type Call, fieldsOf, header, pageOf, Refusal, type StandIn } from './service';

type Fields = Readonly<Record<string, unknown>>;

interface File {
  readonly id: string;
  readonly rev: string;
  readonly path: string;
  readonly content: Buffer;
  readonly at: string;
}

const API = 'api.dropboxapi.com';
const CONTENT = 'content.dropboxapi.com';
/** The most that one upload may bring. */
const UPLOAD_BYTES = 150 * 2 ** 20;

/** Dropbox's API, version 2, with an access token. Paths differ in more than their case. */
export class Dropbox implements StandIn {
  public readonly hosts = [API, CONTENT];
  readonly #token: string;
  /** By the path in lower case. */
  readonly #files = new Map<string, File>();
  readonly #sessions = new Map<string, Buffer[]>();
  readonly #cursors = new Map<string, readonly [folder: string, start: number]>();

  public constructor(token: string) {
    this.#token = token;
  }

  public files(): readonly string[] {
    return [...this.#files.values()].map(({ path }) => path).sort();
  }

  public answer(call: Call): Answer | null {
    const { host, method, path } = call;
    if (method !== 'POST') throw new Refusal(405, 'only POST is supported');
    this.#authorize(header(call, 'authorization'));
    if (host === CONTENT) return this.#contentRoute(path, parsed(header(call, 'dropbox-api-arg')), call);
    if (header(call, 'content-type') !== 'application/json') throw malformed('Bad HTTP "Content-Type" header');
    return this.#route(path, parsed(call.body.toString('utf8')));
  }

  #authorize(authorization: string): void {
    if (authorization === `Bearer ${this.#token}`) return;
    if (authorization === '') throw malformed('Must provide HTTP header "Authorization"');
    throw new Refusal(401, { error_summary: 'invalid_access_token/..', error: { '.tag': 'invalid_access_token' } });
  }

  #route(path: string, given: Fields): Answer | null {
    switch (path) {
      case '/2/users/get_current_account':
        return { status: 200, body: ACCOUNT };
      case '/2/files/list_folder':
        return this.#listed(pathOf(given), 0);
      case '/2/files/list_folder/continue':
        return this.#continued(given);
      case '/2/files/get_metadata':
        return { status: 200, body: { '.tag': 'file', ...described(this.#known(given, ['path'])) } };
      case '/2/files/delete':
        return this.#delete(this.#known(given, ['path_lookup']));
      default:
        return null;
    }
  }

  #contentRoute(path: string, given: Fields, call: Call): Answer | null {
    const { body } = call;
    if (path === '/2/files/download') return this.#download(this.#known(given, ['path']));
    const type = header(call, 'content-type');
    if (type !== 'application/octet-stream') throw malformed(`Bad HTTP "Content-Type" header: "${type}"`);
    if (body.length > UPLOAD_BYTES) throw new Refusal(413, 'too large');
    switch (path) {
      case '/2/files/upload':
        return this.#stored(given, body);
      case '/2/files/upload_session/start':
        return this.#start(body);
      case '/2/files/upload_session/append':
        this.#append(given, body, []);
        return { status: 200, body: null };
      case '/2/files/upload_session/finish':
        return this.#finish(given, body);
      default:
        return null;
    }
  }

  #known(given: Fields, error: readonly string[]): File {
    const file = this.#files.get(pathOf(given).toLowerCase());
    if (file === undefined) throw failure([...error, 'not_found']);
    return file;
  }

  #listed(folder: string, start: number): Answer {
    if (folder.endsWith('/')) throw failure(['path', 'malformed_path']);
    const below = [...this.#files.values()].filter(({ path }) =>
      path.toLowerCase().startsWith(`${folder}/`.toLowerCase()),
    );
    if (below.length === 0 && folder !== '') throw failure(['path', 'not_found']);
    const { items, next } = pageOf(below, start);
    const entries = items.map((file) => ({ '.tag': 'file', ...described(file) }));
    const cursor = randomBytes(30).toString('base64url');
    this.#cursors.set(cursor, [folder, next ?? below.length]);
    return { status: 200, body: { entries, cursor, has_more: next !== null } };
  }

  #continued({ cursor }: Fields): Answer {
    const [folder, start] = this.#cursors.get(String(cursor)) ?? [];
    if (folder === undefined || start === undefined) throw malformed('Invalid "cursor" parameter');
    return this.#listed(folder, start);
  }

  #delete(file: File): Answer {
    this.#files.delete(file.path.toLowerCase());
    return { status: 200, body: { '.tag': 'file', ...described(file) } };
  }

  #download(file: File): Answer {
    const headers = {
      'dropbox-api-result': JSON.stringify(described(file)),
      'content-type': 'application/octet-stream',
    };
    return { status: 200, headers, body: file.content };
  }

  #stored(given: Fields, content: Buffer): Answer {
    const path = pathOf(given);
    const mode = typeof given['mode'] === 'string' ? given['mode'] : fieldsIn(given, 'mode')['.tag'];
    const exists = this.#files.has(path.toLowerCase());
    if (/\/$|\/\//.test(path)) throw failure(['path', 'malformed_path']);
    if (exists && mode !== 'overwrite') throw failure(['path', 'conflict', 'file']);
    const at = `${new Date().toISOString().slice(0, 19)}Z`;
    const file = { id: `id:${random(22)}`, rev: random(15), path, content, at };
    this.#files.set(path.toLowerCase(), file);
    return { status: 200, body: described(file) };
  }

  #start(body: Buffer): Answer {
    const id = `pid_upload_session:${randomBytes(30).toString('base64url')}`;
    this.#sessions.set(id, [body]);
    return { status: 200, body: { session_id: id } };
  }

  /** Gives the session's parts, this one among them. */
  #append({ session_id: id, offset }: Fields, body: Buffer, error: readonly string[]): readonly Buffer[] {
    const parts = this.#sessions.get(String(id));
    if (parts === undefined) throw failure([...error, 'not_found']);
    const held = parts.reduce((sum, part) => sum + part.length, 0);
    if (offset !== held) throw failure([...error, 'incorrect_offset'], { correct_offset: held });
    parts.push(body);
    return parts;
  }

  #finish(given: Fields, body: Buffer): Answer {
    const cursor = fieldsIn(given, 'cursor');
    const parts = this.#append(cursor, body, ['lookup_failed']);
    this.#sessions.delete(String(cursor['session_id']));
    return this.#stored(fieldsIn(given, 'commit'), Buffer.concat(parts));
  }
}

function malformed(why: string): Refusal {
  return new Refusal(400, `Error in call to API function: ${why}`);
}

/** An error of a route is a union in a union: its tags from the outside to the inside. */
function failure(tags: readonly string[], fields: Fields = {}): Refusal {
  const error = tags.reduceRight<Fields>((inner, tag) => {
    const isInnermost = inner === fields;
    return { '.tag': tag, ...(isInnermost ? inner : { [tag]: inner }) };
  }, fields);
  return new Refusal(409, { error_summary: `${tags.join('/')}/..`, error });
}

function parsed(text: string): Fields {
  if (text === 'null' || text.startsWith('{')) return fieldsOf(text);
  throw malformed('could not decode input as JSON');
}

function fieldsIn(given: Fields, name: string): Fields {
  return fieldsOf(JSON.stringify(given[name] ?? {}));
}

function pathOf({ path }: Fields): string {
  if (path === '/') throw malformed('path: Specify the root folder as an empty string rather than as "/".');
  if (typeof path === 'string' && /^(?:\/.*)?$/s.test(path)) return path;
  throw malformed(`path: ${JSON.stringify(path)} did not match pattern`);
}

function random(digits: number): string {
  return randomBytes(digits).toString('hex').slice(0, digits);
}

function described({ id, rev, path, content, at }: File): Fields {
  return {
    name: path.replace(/^.*\//s, ''),
    path_lower: path.toLowerCase(),
    path_display: path,
    id,
    client_modified: at,
    server_modified: at,
    rev,
    size: content.length,
    is_downloadable: true,
    content_hash: contentHashOf(content),
  };
}

/** Of the hashes of blocks of 4 MiB, one behind the other. */
function contentHashOf(content: Buffer): string {
  const block = 4 * 2 ** 20;
  const all = createHash('sha256');
  for (let from = 0; from < content.length; from += block)
    all.update(
      createHash('sha256')
        .update(content.subarray(from, from + block))
        .digest(),
    );
  return all.digest('hex');
}

const ACCOUNT: Fields = {
  account_id: `dbid:${'A'.repeat(35)}`,
  name: { given_name: 'Lab', surname: 'Lab', familiar_name: 'Lab', display_name: 'Lab', abbreviated_name: 'L' },
  email: 'lab@example.com',
  email_verified: true,
  disabled: false,
  locale: 'en',
  referral_link: 'https://db.tt/lab',
  is_paired: false,
  account_type: { '.tag': 'basic' },
  root_info: { '.tag': 'user', root_namespace_id: '3235641', home_namespace_id: '3235641' },
};
