import { closingLine, sumOf, tallyOfExit, tallyOfReport } from '../../scripts/tally';

describe('the tally of a test run', () => {
  it.each([
    { name: 'all passed', text: '{"numPassedTests":3,"numFailedTests":0}', code: 0, expected: '3 passed, 0 failed' },
    { name: 'one failed', text: '{"numPassedTests":2,"numFailedTests":1}', code: 1, expected: '2 passed, 1 failed' },
    {
      name: 'a file that does not load',
      text: '{"numPassedTests":2,"numFailedTests":0,"numRuntimeErrorTestSuites":1}',
      code: 1,
      expected: '2 passed, 1 failed',
    },
    {
      name: 'jest failed without a failed test',
      text: '{"numPassedTests":2}',
      code: 1,
      expected: '2 passed, 1 failed',
    },
    { name: 'no report', text: null, code: 1, expected: '0 passed, 1 failed' },
    { name: 'a report that is cut off', text: '{"numPassedTests":', code: 0, expected: '0 passed, 1 failed' },
  ])('$name -> $expected', ({ text, code, expected }) => {
    expect(closingLine(tallyOfReport(text, code))).toBe(expected);
  });

  it('counts a check without tests of its own as one', () => {
    expect(closingLine(sumOf([tallyOfExit(0), tallyOfExit(1), tallyOfExit(null)]))).toBe('1 passed, 2 failed');
  });
});
