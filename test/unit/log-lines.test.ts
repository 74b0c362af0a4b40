import { lineOf } from '../../src/log/lines';
import { levelOf } from '../../src/log/runlines';
import { createLog, type LogOptions } from '../../src/log/log';
import type { Event } from '../../src/model/event';
import { Secret } from '../../src/model/secret';
import { anEvent, everyEvent } from '../support/events';
import { everyFailure } from '../support/failures';

/** The lines that the log writes for the events. */
async function linesOf(events: readonly Event[], over: Partial<LogOptions> = {}): Promise<readonly string[]> {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', format: 'text', secrets: [], write: (line) => lines.push(line), ...over });
  for (const event of events) log.emit(event);
  await log.close();
  return lines;
}

describe('events', () => {
  it('keep their names and levels', () => {
    expect(everyEvent.map((event) => `${lineOf(event).level} ${event.event}`)).toEqual([
      'info process.started',
      'info process.stopping',
      'info process.stopped',
      'error config.rejected',
      'warn config.warned',
      'debug reconcile.started',
      'info reconcile.finished',
      'warn reconcile.failed',
      'warn fleet.row.rejected',
      'error device.policy.rejected',
      'info device.policy.accepted',
      'info device.policy.dropped',
      'info device.held',
      'warn slot.missed',
      'debug run.planned',
      'info run.started',
      'debug run.progressed',
      'debug run.output',
      'warn run.warned',
      'info retention.applied',
      'info run.succeeded',
      'warn run.failed',
      'info run.detached',
      'info run.cancelled',
      'info run.backoff.scheduled',
      'debug transport.connected',
      'debug transport.closed',
      'warn transport.failed',
      'info hostkey.remembered',
      'info fleetkey.registered',
      'warn fleetkey.restored',
      'error credential.refused',
      'info credential.recovered',
      'error target.unavailable',
      'info target.recovered',
      'info ledger.recovered',
    ]);
  });

  it('of runs that another process looks after name it', () => {
    const elsewhere = ['run.started', 'run.succeeded', 'run.failed', 'run.cancelled'] as const;
    for (const name of elsewhere) {
      expect(lineOf({ ...anEvent[name], process: 'host:7' }).message).toContain('(by another process, host:7)');
      expect(lineOf(anEvent[name]).message).not.toContain('another process');
    }
  });

  it.each(everyEvent.map((event) => ({ name: event.event, event })))(
    '$name is told in a whole sentence',
    ({ event }) => {
      expect(lineOf(event).message).toMatch(/^\S/);
      expect(lineOf(event).message).not.toMatch(/undefined|\bnull\b|NaN|\[object|\.\./);
    },
  );

  it.each<{ name: string; event: Event; level: string }>([
    {
      name: 'a pass at the interval without anything due',
      event: { ...anEvent['reconcile.finished'], due: 0 },
      level: 'debug',
    },
    {
      name: 'the first pass without anything due',
      event: { ...anEvent['reconcile.finished'], due: 0, cause: 'start' },
      level: 'info',
    },
    {
      name: 'a device that waits as it did before',
      event: { ...anEvent['device.held'], changed: false },
      level: 'debug',
    },
    {
      name: 'a lost link',
      event: { ...anEvent['run.detached'], reason: 'link-lost' },
      level: 'warn',
    },
    {
      name: 'a failure that somebody must see to',
      event: { ...anEvent['run.failed'], failure: { kind: 'volumes-none' } },
      level: 'error',
    },
  ])('$name -> $level', ({ event, level }) => {
    expect(lineOf(event).level).toBe(level);
  });

  it('each kind of failure has its level', () => {
    const ofLevel = (level: string): readonly string[] =>
      everyFailure.filter((failure) => levelOf(failure) === level).map(({ kind }) => kind);

    expect(ofLevel('info')).toEqual(['cancelled']);
    expect(ofLevel('error')).toHaveLength(14);
    expect(ofLevel('warn')).toHaveLength(13);
  });
});

describe('lines for people', () => {
  it('say when, how grave, what, which device and which run', async () => {
    const [line] = await linesOf([anEvent['run.started']]);

    expect(line).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO {2}run\.started 0000001 \(kitchen\) backup 2026-11-24T00:00:00\.000Z run [0-9a-f]{20}: Started$/,
    );
  });

  it('are in colours only where asked', async () => {
    const [plain] = await linesOf([anEvent['config.warned']]);
    const [coloured] = await linesOf([anEvent['config.warned']], { colour: true });

    expect(plain).not.toContain('\u001b');
    expect(coloured).toContain('\u001b[33mWARN \u001b[0m config.warned');
  });

  it('cannot be forged, or steer a terminal', async () => {
    const evil = 'a\n2026 INFO run.succeeded\r\u001b[2J\u202e\u2028\u0085\ud800';
    const device = { ...anEvent['device.held'].device, name: evil };
    const lines = await linesOf([
      { ...anEvent['device.held'], device },
      { ...anEvent['run.output'], line: evil },
    ]);

    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(line).toContain('a\\n2026 INFO run.succeeded\\r\\u001b[2J');
    }
  });

  it('show the stack of a defect, on the same line', async () => {
    const failure = { kind: 'defect', detail: 'boom', stack: 'Error: boom\n    at here' } as const;
    const lines = await linesOf([{ ...anEvent['run.failed'], failure }]);

    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('[Error: boom\\n    at here]');
  });
});

describe('lines for programs', () => {
  it.each(everyEvent.map((event) => ({ name: event.event, event })))('$name is one JSON object', async ({ event }) => {
    const lines = await linesOf([event], { format: 'json' });

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{"time":"[0-9T:.-]+Z",/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      event: event.event,
      level: lineOf(event).level,
      message: lineOf(event).message,
    });
  });

  it('have the same keys for the same things', async () => {
    const [line] = await linesOf([anEvent['run.succeeded']], { format: 'json' });

    expect(JSON.parse(line ?? '')).toMatchObject({
      device: '0000001',
      deviceName: 'kitchen',
      deviceUuid: anEvent['run.succeeded'].run.device.uuid,
      runId: anEvent['run.succeeded'].run.runId,
      kind: 'backup',
      slot: '2026-11-24T00:00:00.000Z',
      attempt: 1,
      mode: 'full',
      durationMs: 61_000,
      statistics: { storedBytes: 200 },
    });
  });

  it('hold no character that could steer a terminal, and still all that was said', async () => {
    const evil = 'a\n\u001b[2J\u202e\u2028\u0085';
    const [line] = await linesOf([{ ...anEvent['run.output'], line: evil }], { format: 'json' });

    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(line ?? '')).toMatchObject({ line: evil });
  });
});

describe('the log', () => {
  it.each([
    { level: 'error', lines: 1 },
    { level: 'warn', lines: 2 },
    { level: 'info', lines: 3 },
    { level: 'debug', lines: 4 },
  ] as const)('at level $level has $lines of four lines', async ({ level, lines }) => {
    const names = ['config.rejected', 'config.warned', 'process.started', 'run.output'] as const;

    expect(
      await linesOf(
        names.map((name) => anEvent[name]),
        { level },
      ),
    ).toHaveLength(lines);
  });

  it('has handed on every line, in order, when it is closed; what comes later is lost', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'debug', format: 'json', secrets: [], write: (line) => lines.push(line) });
    for (let n = 0; n < 2000; n += 1) log.emit({ ...anEvent['run.output'], line: String(n) });
    await log.close();
    log.emit(anEvent['run.planned']);
    await log.close();

    expect(lines.map((line) => /"line":"(\d+)"/.exec(line)?.[1])).toEqual([...Array(2000).keys()].map(String));
  });

  it('keeps nothing of a line that has been handed on, however many are said in one turn', async () => {
    const waiting = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Immediate').length;
    const log = createLog({ level: 'debug', format: 'json', secrets: [], write: () => undefined });
    const before = waiting();
    for (let n = 0; n < 100; n += 1) log.emit(anEvent['run.output']);

    expect(waiting()).toBe(before);
    await log.close();
  });

  it('goes on when nobody takes a line', async () => {
    const taken: string[] = [];
    const write = (line: string): void => {
      if (taken.push(line) === 1) throw new Error('no space left');
    };
    const log = createLog({ level: 'info', format: 'text', secrets: [], write });
    log.emit(anEvent['run.started']);
    log.emit(anEvent['run.succeeded']);
    await log.close();

    expect(taken).toHaveLength(2);
  });

  it.each(['text', 'json'] as const)('shows no secret, wherever it stands (%s)', async (format) => {
    const secrets = [new Secret('correct horse'), new Secret('hunter2hunter2')];
    const hidden = 'hunter2hunter2 correct%20horse';
    const events: readonly Event[] = [
      { ...anEvent['run.output'], line: hidden },
      { ...anEvent['run.failed'], failure: { kind: 'volume-missing', names: [hidden] } },
      { ...anEvent['run.failed'], failure: { kind: 'defect', detail: hidden, stack: hidden } },
      { ...anEvent['run.started'], run: { ...anEvent['run.started'].run, slot: `request:${hidden}` } },
      { ...anEvent['device.held'], device: { ...anEvent['device.held'].device, name: hidden } },
      { ...anEvent['config.rejected'], problems: [hidden] },
    ];

    const lines = await linesOf(events, { format, secrets });

    expect(lines).toHaveLength(events.length);
    for (const line of lines) {
      expect(line).not.toMatch(/hunter2|correct|horse/);
      expect(line).toContain('[secret]');
    }
  });
});
