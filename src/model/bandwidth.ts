import type { Target } from './policy';

/** Options that keep Duplicity to so many bytes a second; none where there is no limit, or none that it knows of. */
export function bandwidthOptions({ scheme }: Pick<Target, 'scheme'>, bytes: number | null): readonly string[] {
  if (bytes === null || scheme !== 'rsync') return [];
  return [`--rsync-options=--bwlimit=${String(Math.max(1, Math.round(bytes / 1024)))}`];
}
