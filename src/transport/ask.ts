import type { Socket } from 'node:net';

const LONGEST_HEADER = 16 * 1024;
const BEGIN = Buffer.from('HTTP/');
const END = '\r\n\r\n';

/** What a server answered to `CONNECT`. */
export type Answer =
  | { readonly kind: 'status'; readonly status: number }
  /** Not HTTP, or a header without end. */
  | { readonly kind: 'garbage' }
  | { readonly kind: 'closed' }
  /** The signal came first. */
  | { readonly kind: 'late' };

/**
 * Sends the request and reads the header of the answer. What stands behind the header belongs to the device and is left in
 * the socket, which is paused.
 */
export function ask(socket: Socket, request: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    let held = Buffer.alloc(0);
    const settle = (answer: Answer): void => {
      socket.off('data', onData);
      socket.off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      socket.pause();
      resolve(answer);
    };
    const onClose = (): void => {
      settle({ kind: 'closed' });
    };
    const onAbort = (): void => {
      settle({ kind: 'late' });
    };
    const onData = (chunk: Buffer): void => {
      held = Buffer.concat([held, chunk]);
      const end = held.indexOf(END);
      if (end < 0 && !isHopeless(held)) return;
      settle(end < 0 ? { kind: 'garbage' } : answerOf(held.toString('latin1', 0, end)));
      if (end >= 0 && held.length > end + END.length) socket.unshift(held.subarray(end + END.length));
    };
    socket.on('data', onData);
    socket.on('close', onClose);
    signal.addEventListener('abort', onAbort);
    if (socket.destroyed) onClose();
    else if (signal.aborted) onAbort();
    else socket.write(request);
  });
}

function isHopeless(held: Buffer): boolean {
  const length = Math.min(held.length, BEGIN.length);
  return held.length > LONGEST_HEADER || !held.subarray(0, length).equals(BEGIN.subarray(0, length));
}

function answerOf(header: string): Answer {
  const [, status] = /^HTTP\/\d(?:\.\d)? (\d{3})(?: [^\r\n]*)?(?:\r\n|$)/.exec(header) ?? [];
  return status === undefined ? { kind: 'garbage' } : { kind: 'status', status: Number(status) };
}
