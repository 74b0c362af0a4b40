import { setTimeout as pause } from 'node:timers/promises';

/** Asks until the answer is neither null nor undefined, and gives it; after the deadline it throws and says what was awaited. */
export async function until<T>(
  what: string,
  ask: () => T | null | undefined | Promise<T | null | undefined>,
  deadlineMs = 60_000,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`waited ${String(deadlineMs / 1000)} s in vain for ${what}`);
    await pause(100);
  }
}
