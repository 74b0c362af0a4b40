import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type ApiFaults, FaultSwitch } from './apifaults';
import { ApiState, type LabUserKey } from './apistate';
import { QueryError } from './odata';
import { parseQuery } from './odataquery';
import { isRecord } from './odatarow';

export interface ApiRequest {
  readonly method: string;
  /** Path and query, decoded. */
  readonly path: string;
  readonly at: Date;
}

/** The part of balena's API v7 that the controller uses, over HTTP, for the real balena-sdk. */
export interface LabApi {
  readonly url: string;
  readonly port: number;
  readonly username: string;
  readonly apiKey: string;
  readonly state: Omit<ApiState, 'deviceRows' | 'fleetRows' | 'keyRows' | 'keys' | 'removeKey'>;
  readonly requests: readonly ApiRequest[];
  readonly faults: ApiFaults;
  keys(): readonly LabUserKey[];
  removeKey(id: number): void;
  /** From now on only this token is accepted. */
  setApiKey(key: string): void;
  stop(): Promise<void>;
}

export interface ApiOptions {
  readonly host?: string;
  readonly apiKey?: string;
  readonly username?: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const USER_ID = 7;

/** Starts the API on a free port of `host` (127.0.0.1 unless told). */
export async function startApi(options: ApiOptions = {}): Promise<LabApi> {
  const api = new Api(options);
  await api.listen(options.host ?? '127.0.0.1');
  return api;
}

class Api implements LabApi {
  public readonly username: string;
  public readonly state = new ApiState();
  public readonly faults = new FaultSwitch();
  readonly #requests: ApiRequest[] = [];
  readonly #server: Server;
  #host = '';
  #apiKey: string;

  public constructor(options: ApiOptions) {
    this.username = options.username ?? 'lab_user';
    this.#apiKey = options.apiKey ?? 'lab-api-key';
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        sendAnswer(response, { status: 500, body: error instanceof Error ? error.message : 'defect' });
      });
    });
  }

  public get apiKey(): string {
    return this.#apiKey;
  }

  public get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  public get url(): string {
    return `http://${this.#host}:${String(this.port)}`;
  }

  public get requests(): readonly ApiRequest[] {
    return [...this.#requests];
  }

  public async listen(host: string): Promise<void> {
    this.#server.listen(0, host);
    await once(this.#server, 'listening');
    this.#host = host === '0.0.0.0' ? '127.0.0.1' : host;
  }

  public keys(): readonly LabUserKey[] {
    return this.state.keys();
  }

  public removeKey(id: number): void {
    this.state.removeKey(id);
  }

  public setApiKey(key: string): void {
    this.#apiKey = key;
  }

  public async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '/';
    const method = request.method ?? 'GET';
    const path = decoded(url);
    this.#requests.push({ method, path, at: new Date() });
    const body = await bodyOf(request);
    if (await this.faults.spoils(path, response)) return;
    sendAnswer(response, this.#answer(method, url, body, request.headers.authorization));
  }

  #answer(method: string, url: string, body: string, authorization: string | undefined): Answer {
    const keysOf = /^\/auth\/v1\/public-keys\/([^/?]+)/.exec(url)?.[1];
    if (keysOf !== undefined) return this.#publicKeys(decoded(keysOf));
    if (authorization !== `Bearer ${this.#apiKey}`) return { status: 401, body: 'Unauthorized' };
    if (url.startsWith('/actor/v1/whoami')) return { status: 200, body: this.#whoami() };
    if (!url.startsWith('/v7/')) return { status: 404, body: 'Not Found' };
    return this.#query(method, url.slice('/v7'.length), body);
  }

  #whoami(): unknown {
    const email = `${this.username}@example.com`;
    return { id: USER_ID + 1, actorType: 'user', actorTypeId: USER_ID, username: this.username, email };
  }

  /** What a device's sshd asks for at a login; no token is wanted here, since lab devices have none. */
  #publicKeys(username: string): Answer {
    const own = username.toLowerCase() === this.username.toLowerCase();
    return {
      status: 200,
      body: own
        ? this.keys()
            .map((key) => key.publicKey)
            .join('\n')
        : '',
    };
  }

  #query(method: string, url: string, body: string): Answer {
    try {
      switch (method) {
        case 'GET':
          return this.#read(url);
        case 'POST':
          return this.#createKey(url, body);
        case 'DELETE':
          return this.#deleteKeys(url);
        default:
          return { status: 405, body: 'Method Not Allowed' };
      }
    } catch (error) {
      if (error instanceof QueryError) return { status: error.status, body: error.message };
      throw error;
    }
  }

  #read(url: string): Answer {
    const query = parseQuery(url);
    switch (query.resource) {
      case 'device':
        return { status: 200, body: query.answer(this.state.deviceRows()) };
      case 'application':
        return { status: 200, body: query.answer(this.state.fleetRows()) };
      case 'user__has__public_key':
        return { status: 200, body: query.answer(this.state.keyRows(USER_ID)) };
      default:
        return { status: 404, body: `no such resource: ${query.resource}` };
    }
  }

  #createKey(url: string, body: string): Answer {
    if (!url.startsWith('/user__has__public_key')) return { status: 404, body: 'Not Found' };
    const fields: unknown = JSON.parse(body);
    const { title, public_key: publicKey } = isRecord(fields) ? fields : {};
    const valid = typeof title === 'string' && typeof publicKey === 'string' && title.length <= 120;
    if (!valid || publicKey.length > 2850) return { status: 400, body: 'bad key' };
    const key = this.state.addKey(title, publicKey);
    if (key === null) return { status: 409, body: '"user" and "public_key" must be unique.' };
    return { status: 201, body: { id: key.id, title, public_key: publicKey, user: { __id: USER_ID } } };
  }

  #deleteKeys(url: string): Answer {
    const query = parseQuery(url);
    if (query.resource !== 'user__has__public_key') return { status: 404, body: 'Not Found' };
    for (const row of query.pick(this.state.keyRows(USER_ID))) this.state.removeKey(Number(row.fields['id']));
    return { status: 200, body: 'OK' };
  }
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  request.setEncoding('utf8');
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

function sendAnswer(response: ServerResponse, answer: Answer): void {
  const text = typeof answer.body === 'string';
  response.writeHead(answer.status, { 'Content-Type': text ? 'text/plain' : 'application/json' });
  response.end(text ? answer.body : JSON.stringify(answer.body));
}
