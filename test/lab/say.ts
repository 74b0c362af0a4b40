import type { Say } from './cache';

const EVERY_MS = 12_000;

/** Says what is begun, that it still goes on (with the latest note), and how long it took. */
export async function during<T>(say: Say, what: string, work: (note: Say) => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  const seconds = (): string => String(Math.round((Date.now() - startedAt) / 1000));
  let latest = '';
  const timer = setInterval(() => {
    say(`${what}: ${seconds()} s${latest === '' ? '' : `, ${latest}`}`);
  }, EVERY_MS);
  say(`${what} ...`);
  try {
    const result = await work((note) => {
      latest = note.replace(/\s+/g, ' ').trim().slice(0, 100);
    });
    say(`${what}: done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
