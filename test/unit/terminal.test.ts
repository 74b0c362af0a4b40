import { liveRun } from '../../src/commands/liverun';
import { instantOf } from '../../src/model/brand';
import type { RunEvent } from '../../src/log/runlines';
import { processTerminal } from '../../src/terminal';
import { anEvent } from '../support/events';

const HOSTILE = 'kitchen\u001b[2J\u001b]0;title\u0007\r\u202e';
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f\u202e]/;

/** What is written to both streams of this process while `use` runs. */
function written(use: () => void): string {
  const parts: string[] = [];
  const take = (part: unknown): boolean => parts.push(String(part)) > 0;
  const spies = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockImplementation(take));
  use();
  for (const spy of spies) spy.mockRestore();
  return parts.join('');
}

test('a terminal is not steered by what a command says, and lines stay lines', () => {
  const terminal = processTerminal();

  const text = written(() => {
    terminal.say(`${HOSTILE}\nsecond`);
    terminal.complain(HOSTILE);
    terminal.say(JSON.stringify({ name: HOSTILE }, null, 2));
  });

  expect(text).not.toMatch(UNSAFE);
  expect(text).toContain('kitchen\\u001b[2J');
  expect(text).toContain('\nsecond\n');
});

test('a live run cannot forge a line by the name of its device or a warning', () => {
  const said: string[] = [];
  const take = (line: string): void => {
    said.push(line);
  };
  const live = liveRun({ say: take, complain: take, progress: () => undefined }, () => instantOf(0));
  const forged = 'x\nFailed after 1 s';
  const run = { ...anEvent['run.started'].run, device: { ...anEvent['run.started'].run.device, name: forged } };
  const events: readonly RunEvent[] = [
    { ...anEvent['run.started'], run },
    { ...anEvent['run.warned'], run, message: forged },
  ];

  for (const event of events) live.show(event);

  expect(said).toHaveLength(2);
  for (const line of said) expect(line).not.toContain('\n');
});
