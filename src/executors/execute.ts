import type { ActionOf } from '../model/action';
import { readsTarget } from '../model/duplicitycommand';
import type { Executor } from '../model/ports';
import type { Settings } from '../model/settings';
import { type Particulars, runOnDevice, type RunTools } from './devicerun';

/** Runs Duplicity on a device in a person's own words. */
export function createExecute(tools: RunTools): Executor<'execute'> {
  return (action, context) => runOnDevice(action, context, particularsOf(action, tools.settings), tools);
}

function particularsOf(
  { command, target }: ActionOf<'execute'>,
  { mountMode }: Pick<Settings, 'mountMode'>,
): Particulars {
  const { word, folder, amount, options } = command;
  return {
    target,
    snapshots: readsTarget(command) ? 'read' : 'write',
    volumes: 'any',
    mount: mountMode,
    bandwidth: null,
    afterwards: null,
    options,
    variables: { COMMAND: word, FOLDER: folder ?? '', AMOUNT: amount ?? '' },
  };
}
