import type { Instant } from '../model/brand';
import { escapeControls } from '../model/escape';
import type { EventSink } from '../model/event';
import type { RunPhase } from '../model/run';
import { durationText } from '../model/shown';
import type { Terminal } from './terminal';

/** Shows a run as it happens. */
export interface LiveRun {
  readonly show: EventSink;
  /** Called every second or so: how long it takes is shown. */
  readonly tick: () => void;
}

const PHASES: Readonly<Record<RunPhase, string>> = {
  connecting: 'connecting to the device',
  preparing: 'preparing on the device',
  pulling: 'pulling the image onto the device',
  running: 'Duplicity runs',
  verifying: 'checking that the snapshot is at the target',
  exchanging: 'exchanging the content of the volumes, with services stopped',
  collecting: 'collecting the result',
};

export function liveRun(terminal: Pick<Terminal, 'say' | 'complain' | 'progress'>, now: () => Instant): LiveRun {
  let begunAt: Instant | null = null;
  let doing = '';

  function tick(): void {
    if (begunAt !== null) terminal.progress(`${durationText(now() - begunAt)}: ${doing}`);
  }

  const show: EventSink = (event) => {
    if (event.event === 'run.started') {
      begunAt = now();
      doing = event.adopted ? 'taking up the run that was left' : PHASES.connecting;
      terminal.complain(
        `${event.adopted ? 'Took up' : 'Started'} run ${event.run.runId} on ${escapeControls(event.run.device.name)}.`,
      );
    } else if (event.event === 'run.progressed') {
      doing = event.detail === '' ? PHASES[event.phase] : `${PHASES[event.phase]}, ${event.detail}`;
    } else if (event.event === 'run.output') {
      terminal.say(event.line);
    } else if (event.event === 'run.warned') {
      terminal.complain(`Warning: ${escapeControls(event.message)}.`);
    }
    tick();
  };

  return { show, tick };
}
