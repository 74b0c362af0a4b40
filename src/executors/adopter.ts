import type { Adopter } from '../model/ports';
import { slotText } from '../model/slot';
import { carryOut } from './containerrun';
import { judgeOf, meansFor, type RunTools } from './devicerun';
import { attachScript, cancelScript } from './script';

/** Joins a run that another process, or an earlier link, left on the device. Starts nothing. */
export function createAdopter(tools: RunTools): Adopter {
  return (record, device, context) => {
    const { runId, kind, attempt, nonce } = record;
    const name = { runId, nonce, kind, slot: slotText(record.slot), device: device.uuid };
    return carryOut(
      {
        run: { runId, device: { uuid: device.uuid, name: device.name }, kind, slot: name.slot, attempt },
        device,
        context,
        startScript: null,
        attachScript: attachScript(name),
        cancelScript: cancelScript(name),
        // What its policy was is not known any more; the next run sees to it.
        afterwards: null,
        judge: judgeOf(tools.settings, record.place.startsWith('file:')),
      },
      meansFor(tools, device.uuid),
    );
  };
}
