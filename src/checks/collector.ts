import { type Either, isLeft } from 'fp-ts/Either';
import type { Failure } from '../model/failure';
import { badBy, type Check, type Finding, ok, warn } from '../model/finding';
import { count } from '../model/shown';

/** One collector, and a device that sends its snapshots there. */
export interface CollectorTrial {
  readonly server: string;
  readonly deviceName: string;
  /** Reads the device's directory as `snapshots` does: how many files it has. */
  readonly read: (signal: AbortSignal) => Promise<Either<Failure, number>>;
}

export interface CollectorTools {
  readonly limitMs: number;
  /** Each collector that devices send to, once; a finding where that cannot be told or tried. */
  readonly trials: () => Promise<Finding | readonly CollectorTrial[]>;
}

/** Whether each collector is there, has the host key that it publishes, and takes our certificates. */
export function collectorCheck({ limitMs, trials }: CollectorTools): Check {
  return {
    what: 'collector',
    limitMs,
    examine: async (signal) => {
      const found = await trials();
      if ('state' in found) return [found];
      if (found.length === 0) return [ok('no device that is enabled sends its snapshots to one')];
      return Promise.all(found.map((trial) => examined(trial, signal)));
    },
  };
}

async function examined({ server, deviceName, read }: CollectorTrial, signal: AbortSignal): Promise<Finding> {
  const files = await read(signal);
  if (!isLeft(files)) {
    return ok(`${server} has the host key that is published, and shows ${count(files.right, 'file')} of ${deviceName}`);
  }
  const { why, fix } = badBy(files.left);
  return { state: 'bad', why: `${server}: ${why}`, fix };
}

/** Without a device there is nobody to try it for. */
export const noDevice = warn(
  'there is no device that is enabled to try it for',
  'Set the tag backupEnabled to true on a device, then ask again.',
);
