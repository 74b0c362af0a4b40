import type { Instant } from './brand';

const STEPS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/** A span of time for people, in its two largest units: `1 d 2 h`, `5 min`, `3 s`, `250 ms`. */
export function durationText(ms: number): string {
  const first = STEPS.findIndex(([unit]) => ms >= unit);
  const largest = STEPS[first];
  if (largest === undefined) return `${String(Math.max(0, Math.round(ms)))} ms`;
  const [unitMs, unit] = largest;
  const whole = `${String(Math.floor(ms / unitMs))} ${unit}`;
  const next = STEPS[first + 1];
  if (next === undefined) return whole;
  const rest = Math.floor((ms % unitMs) / next[0]);
  return rest === 0 ? whole : `${whole} ${String(rest)} ${next[1]}`;
}

/** An amount of bytes for people: `512 bytes`, `1.5 KiB`, `20 GiB`. */
export function bytesText(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  if (bytes < 1024) return `${String(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`;
  const step = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  const amount = bytes / 1024 ** step;
  return `${amount >= 10 ? amount.toFixed(0) : amount.toFixed(1)} ${units[step - 1] ?? ''}`;
}

/** The instant as logs and tables show it: UTC, to the second. */
export function instantText(at: Instant): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** A number with its noun. */
export function count(amount: number, noun: string): string {
  return `${String(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

/** The instant as clocks in that zone show it, with the zone's offset then: `Thu 2026-11-26 03:00:00 GMT+1`. */
export function localText(at: Instant, timezone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'shortOffset',
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
  const day = `${part('year')}-${part('month')}-${part('day')}`;
  return `${part('weekday')} ${day} ${part('hour')}:${part('minute')}:${part('second')} ${part('timeZoneName')}`;
}
