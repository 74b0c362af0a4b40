import { setTimeout as pause } from 'node:timers/promises';
import { isLeft } from 'fp-ts/Either';
import type { Device } from '../model/device';
import type { RunContext, Transport } from '../model/ports';

/** A run that a person may want to end. */
export interface Cancellable {
  readonly device: Device;
  readonly context: Pick<RunContext, 'signal' | 'cancelled' | 'nonce'>;
  readonly cancelScript: string;
}

interface Means {
  readonly transport: Transport;
  readonly reconnectPausesMs: readonly number[];
}

/** The wish that a person may have. */
export interface Cancelling {
  /** The run begins on the device: where somebody wanted it ended before, one that has restarted since has forgotten that. */
  readonly begins: () => void;
  readonly release: () => void;
}

/** Has the device end the run, as soon as somebody wants that and as often as the link needs. */
export function cancelWhenWanted(order: Cancellable, means: Means): Cancelling {
  const { cancelled } = order.context;
  const cancel = (): void => {
    void cancelOnDevice(order, means);
  };
  cancelled.addEventListener('abort', cancel, { once: true });
  if (cancelled.aborted) cancel();
  return {
    begins: () => {
      if (cancelled.aborted) cancel();
    },
    release: () => {
      cancelled.removeEventListener('abort', cancel);
    },
  };
}

async function cancelOnDevice(order: Cancellable, means: Means): Promise<void> {
  const { signal } = order.context;
  for (const pauseMs of [0, ...means.reconnectPausesMs]) {
    await pause(pauseMs, null, { signal }).catch(() => null);
    if (signal.aborted || (await told(order, means))) return;
  }
}

/** True when the device has said that it knows. */
async function told({ device, context, cancelScript }: Cancellable, { transport }: Means): Promise<boolean> {
  const opened = await transport.open(device, context.signal);
  if (isLeft(opened)) return false;
  const session = opened.right;
  try {
    session.send(cancelScript);
    for await (const line of session.lines) if (line === `${context.nonce} - cancelled`) return true;
    return false;
  } finally {
    session.close();
  }
}
