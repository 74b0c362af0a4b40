/** How many checks of a step passed and failed. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** A check without tests of its own counts as one. */
export function tallyOfExit(code: number | null): Tally {
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * The figures of jest's JSON report. A test file that could not be loaded has no tests in it, and a report that is
 * missing or not JSON means that jest itself failed: both count as one failure, never as none.
 */
export function tallyOfReport(text: string | null, code: number | null): Tally {
  const report: unknown = parse(text);
  if (typeof report !== 'object' || report === null) return { passed: 0, failed: 1 };
  const figure = (key: string): number => {
    const value: unknown = Reflect.get(report, key);
    return typeof value === 'number' ? value : 0;
  };
  const failed = figure('numFailedTests') + figure('numRuntimeErrorTestSuites');
  return { passed: figure('numPassedTests'), failed: failed === 0 && code !== 0 ? 1 : failed };
}

export function sumOf(tallies: readonly Tally[]): Tally {
  return tallies.reduce((sum, tally) => ({ passed: sum.passed + tally.passed, failed: sum.failed + tally.failed }), {
    passed: 0,
    failed: 0,
  });
}

/** The last line of a test run. */
export function closingLine(tally: Tally): string {
  return `${String(tally.passed)} passed, ${String(tally.failed)} failed`;
}

function parse(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
