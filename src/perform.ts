import type { Call } from './commands/call';
import type { Terminal } from './commands/terminal';
import type { Settings } from './model/settings';

/** Does what a person typed, and gives the exit code. */
export type Perform = (call: Call, settings: Settings, terminal: Terminal) => Promise<number>;
