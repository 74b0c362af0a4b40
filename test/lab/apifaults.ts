import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** What goes wrong with a request. `slow` delays the right answer; the others replace it. */
export type ApiFault =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'cut-off' }
  | { readonly kind: 'not-json' };

export interface ApiFaults {
  /** For the next `times` requests, or until cleared; `path`: only for requests whose path holds this text. */
  set(fault: ApiFault, options?: { readonly times?: number; readonly path?: string }): void;
  clear(): void;
}

export class FaultSwitch implements ApiFaults {
  #present: { readonly fault: ApiFault; readonly left: number; readonly path: string } | null = null;

  public set(fault: ApiFault, options: { readonly times?: number; readonly path?: string } = {}): void {
    this.#present = { fault, left: options.times ?? Number.POSITIVE_INFINITY, path: options.path ?? '' };
  }

  public clear(): void {
    this.#present = null;
  }

  /** True when the fault has answered the request; counts it. */
  public async spoils(path: string, response: ServerResponse): Promise<boolean> {
    const present = this.#present;
    if (present === null || !path.includes(present.path)) return false;
    const left = present.left - 1;
    this.#present = left > 0 ? { ...present, left } : null;
    return answerWith(present.fault, response);
  }
}

async function answerWith(fault: ApiFault, response: ServerResponse): Promise<boolean> {
  switch (fault.kind) {
    case 'status':
      if (fault.retryAfter !== undefined) response.setHeader('Retry-After', fault.retryAfter);
      response.writeHead(fault.status, { 'Content-Type': 'text/plain' }).end('a fault of the lab');
      return true;
    case 'slow':
      await delay(fault.ms, undefined, { ref: false });
      return false;
    case 'cut-off':
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
      response.write('{"d":[{"id":1,', () => response.destroy());
      return true;
    case 'not-json':
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('<html>Bad gateway</html>');
      return true;
  }
}
