import type { Executor } from '../model/ports';
import { BESIDE_VOLUMES, runOnDevice, type RunTools } from './devicerun';

/** Looks at what there is to restore and what a restore would meet on the device. Changes nothing. */
export function createSurvey(tools: RunTools): Executor<'survey'> {
  return (action, context) => {
    const { source, target, question, device } = action;
    const particulars = {
      target,
      source,
      ...BESIDE_VOLUMES,
      options: target.options,
      variables: {
        APP: String(device.fleet.id),
        LOOK: question.asksTarget ? 'target' : 'device',
        AT: question.at ?? 'now',
        MEMBER: question.member ?? '',
      },
    };
    return runOnDevice(action, context, particulars, tools);
  };
}
