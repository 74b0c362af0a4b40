import type { Failure } from '../model/failure';

const NOT_LOGGED_IN = new Set([
  'BalenaNotLoggedIn',
  'BalenaExpiredToken',
  'BalenaInvalidLoginCredentials',
  'BalenaMalformedToken',
]);

/** What an error of the SDK means. Nothing of a request is in the failure: requests carry the API key. */
export function failureOf(error: unknown): Failure {
  const status = numberIn(error, 'statusCode');
  if (status === 401 || status === 403 || NOT_LOGGED_IN.has(textIn(error, 'code') || textIn(error, 'name'))) {
    return {
      kind: 'auth-rejected',
      who: 'api',
      detail: `the balena API takes it for no key that is valid${status === null ? '' : ` (HTTP status ${String(status)})`}`,
    };
  }
  return {
    kind: 'api-unavailable',
    status,
    retryAfterMs: retryAfterOf(error),
    detail: status === null ? wordsOf(error) : '',
  };
}

function wordsOf(error: unknown): string {
  const cause =
    error instanceof Error && error.cause instanceof Error ? textIn(error.cause, 'code') || error.cause.message : '';
  const words = error instanceof Error ? error.message : 'unknown error';
  return `${words}${cause === '' ? '' : ` (${cause})`}`.replace(/\s+/g, ' ').slice(0, 300);
}

/** `Retry-After` in seconds or as a date; null when there is none that makes sense. */
function retryAfterOf(error: unknown): number | null {
  const headers: unknown = fieldOf(error, 'responseHeaders');
  const text = headers instanceof Headers ? (headers.get('retry-after') ?? '') : textIn(headers, 'retry-after');
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1000;
  return null;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function textIn(value: unknown, name: string): string {
  const field = fieldOf(value, name);
  return typeof field === 'string' ? field : '';
}

function numberIn(value: unknown, name: string): number | null {
  const field = fieldOf(value, name);
  return typeof field === 'number' ? field : null;
}
