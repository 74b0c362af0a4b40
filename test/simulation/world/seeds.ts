/** The seeds to try: those of `SIM_SEED` (`7`, or `100-120`) where it is set, else the given ones. */
export function seedsOf(usual: readonly number[]): readonly number[] {
  const asked = process.env['SIM_SEED'];
  if (asked === undefined || asked === '') return usual;
  const [, first = '', last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(asked) ?? [];
  if (first === '') throw new RangeError('SIM_SEED is a seed such as 7, or a range such as 100-120');
  return range(Number(first), Number(last));
}

export function isReplay(): boolean {
  return (process.env['SIM_SEED'] ?? '') !== '';
}

export function range(first: number, last: number): readonly number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => first + n);
}
