import type { Adopter } from '../model/ports';
import { slotText } from '../model/slot';
import { type BackupTools, judgeOf } from './backup';
import { carryOut } from './containerrun';
import { attachScript } from './script';

/** Joins a run that another process, or an earlier link, left on the device. Starts nothing. */
export function createAdopter(tools: BackupTools): Adopter {
  return (record, device, context) => {
    const slot = slotText(record.slot);
    const run = {
      runId: record.runId,
      device: { uuid: device.uuid, name: device.name },
      kind: record.kind,
      slot,
      attempt: record.attempt,
    };
    return carryOut(
      {
        run,
        device,
        context,
        startScript: null,
        attachScript: attachScript({ ...run, nonce: record.nonce, device: device.uuid }),
        judge: judgeOf(tools.settings, record.place.startsWith('file:')),
      },
      tools,
    );
  };
}
