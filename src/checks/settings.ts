import type { Instant } from '../model/brand';
import { type Check, ok, warn } from '../model/finding';
import { instantText } from '../model/shown';

export interface SettingsTools {
  readonly limitMs: number;
  /** What was read, but is probably not what the person meant. */
  readonly warnings: readonly string[];
}

/** What of the variables is probably not meant so: those that are wrong stop every command before. */
export function settingsCheck({ limitMs, warnings }: SettingsTools): Check {
  const findings = warnings.map((warning) => warn(warning, 'Correct it, or take it out.'));
  return {
    what: 'settings',
    limitMs,
    examine: () => Promise.resolve(findings.length > 0 ? findings : [ok('every variable can be read')]),
  };
}

export interface ControllerTools {
  readonly limitMs: number;
  readonly controller: () => { readonly isRunning: boolean; readonly since: Instant | null };
}

/** Whether anything is started at all. */
export function controllerCheck({ limitMs, controller }: ControllerTools): Check {
  return {
    what: 'controller',
    limitMs,
    examine: () => {
      const { isRunning, since } = controller();
      const finding = isRunning
        ? ok(`it runs${since === null ? '' : `, since ${instantText(since)}`}`)
        : warn('none runs on this STATE_DIR, so nothing is started', 'Start it: "balena-backup run".');
      return Promise.resolve([finding]);
    },
  };
}
