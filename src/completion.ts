import { completion } from './commands/completion';
import type { Call } from './commands/call';
import type { Terminal } from './commands/terminal';

/** Needs no configuration but, for the devices, STATE_DIR: a shell asks while a person types. */
export async function performCompletion({ words }: Call, terminal: Terminal): Promise<number> {
  const [word = ''] = words;
  const devices = word === 'devices' ? await knownDevices() : [];
  return completion(word, { devices: () => devices, terminal });
}

async function knownDevices(): Promise<readonly string[]> {
  const [{ readPlaces }, { typedNames }] = await Promise.all([import('./config.js'), import('./ledger/names.js')]);
  return typedNames(readPlaces().stateDir);
}
