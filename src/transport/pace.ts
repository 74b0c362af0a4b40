import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Either, isLeft, left } from 'fp-ts/Either';
import type { DeviceUuid } from '../model/brand';
import type { Failure } from '../model/failure';
import { cancelled } from './dial';

/** How many connections a device's own SSH server is asked for within a span of time. */
export interface Pace {
  readonly connections: number;
  readonly withinMs: number;
}

/**
 * That server is started by its socket for each connection, and a burst of them can lock it for 15 minutes. A run needs
 * one connection, a link that is lost again and again a few.
 */
export const DEVICE_PACE: Pace = { connections: 10, withinMs: 60_000 };

/** How long to wait before another connection; `madeAt`: when the former ones were made, in order. */
export function waitOf(madeAt: readonly number[], now: number, { connections, withinMs }: Pace): number {
  const oldest = madeAt.at(-connections);
  return oldest === undefined ? 0 : Math.max(0, oldest + withinMs - now);
}

/** Keeps the pace for each device. Ways that lead to the same server share one. */
export class Pacer {
  readonly #pace: Pace;
  readonly #now: () => number;
  readonly #madeAt = new Map<DeviceUuid, readonly number[]>();

  /** `now`: milliseconds of a clock that never goes back. */
  public constructor(pace: Pace = DEVICE_PACE, now: () => number = () => performance.now()) {
    this.#pace = pace;
    this.#now = now;
  }

  /** Waits for the device's turn, then reaches for its server. An attempt that did not get there does not count. */
  public async paced(
    device: DeviceUuid,
    signal: AbortSignal,
    reach: () => Promise<Either<Failure, Socket>>,
  ): Promise<Either<Failure, Socket>> {
    for (let waitMs = this.#wait(device); waitMs > 0; waitMs = this.#wait(device)) {
      await pause(waitMs, null, { signal }).catch(() => null);
      if (signal.aborted) return left(cancelled);
    }
    const at = this.#now();
    this.#madeAt.set(device, [...this.#recent(device), at]);
    const socket = await reach();
    if (isLeft(socket)) this.#takeBack(device, at);
    return socket;
  }

  #wait(device: DeviceUuid): number {
    return waitOf(this.#recent(device), this.#now(), this.#pace);
  }

  #recent(device: DeviceUuid): readonly number[] {
    return this.#madeAt.get(device)?.filter((at) => at + this.#pace.withinMs > this.#now()) ?? [];
  }

  #takeBack(device: DeviceUuid, at: number): void {
    const made = [...(this.#madeAt.get(device) ?? [])];
    const index = made.indexOf(at);
    if (index >= 0) made.splice(index, 1);
    if (made.length === 0) this.#madeAt.delete(device);
    else this.#madeAt.set(device, made);
  }
}
