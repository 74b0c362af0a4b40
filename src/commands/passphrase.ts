import { type Either, isLeft } from 'fp-ts/Either';
import type { DeviceUuid } from '../model/brand';
import type { Secret } from '../model/secret';
import { type Refusal, refuse } from './refusal';
import type { Terminal } from './terminal';

export interface PassphraseTools {
  readonly device: () => Promise<Either<Refusal, DeviceUuid>>;
  readonly passphraseOf: (device: DeviceUuid) => Secret;
  readonly terminal: Pick<Terminal, 'hand' | 'complain' | 'columns'>;
}

/** Says the passphrase of a device's snapshots and nothing else, so that other programs can be given it. Gives the exit code. */
export async function passphrase({ device, passphraseOf, terminal }: PassphraseTools): Promise<number> {
  const found = await device();
  if (isLeft(found)) return refuse(found.left, terminal);
  if (terminal.columns !== null) {
    terminal.complain(`The passphrase of ${found.right}. To use it without showing it:`);
    terminal.complain(`PASSPHRASE="$(balena-backup passphrase ${found.right})" duplicity restore URL FOLDER`);
  }
  terminal.hand(passphraseOf(found.right).reveal());
  return 0;
}
