import type { ActionOf } from '../model/action';
import type { Executor, RunContext } from '../model/ports';
import { itemText, type RestoreOrder } from '../model/restoreorder';
import { BESIDE_VOLUMES, type Particulars, runOnDevice, type RunTools } from './devicerun';

/** Brings a device's volumes back to what a snapshot holds, or to what a restore replaced. */
export function createRestore(tools: RunTools): Executor<'restore'> {
  return (action, context) => runOnDevice(action, context, particularsOf(action, context), tools);
}

type StagedOrder = Exclude<RestoreOrder, { readonly kind: 'undo' }>;

function particularsOf(
  { source, target, order, device }: ActionOf<'restore'>,
  { nonce }: Pick<RunContext, 'nonce'>,
): Particulars {
  const common = { app: device.fleet.id, nonce, kind: order.kind };
  const given =
    order.kind === 'undo'
      ? { ORDER: common, PARTS: '', AT: '', ROOM_KIB: '0', DROP_UNDO: '' }
      : {
          ORDER: {
            ...common,
            snapshotAt: order.snapshotAt,
            items: order.items.map(({ volume, path }) => ({ volume, path, label: itemText({ volume, path }) })),
          },
          PARTS: partsOf(order, device.fleet.id).join('\n'),
          AT: order.snapshotAt,
          ROOM_KIB: String(Math.floor(order.roomBytes / 1024)),
          DROP_UNDO: order.dropsUndo ? 'yes' : '',
        };
  return {
    target,
    source,
    ...BESIDE_VOLUMES,
    restart: 'on-failure',
    // With this one a damaged backup would be restored as if it were good.
    options: target.options.filter((option) => option !== '--ignore-errors'),
    variables: { ...given, ORDER: JSON.stringify(given.ORDER), HOW: order.kind },
  };
}

const VOLUMES = '/engine/volumes';
const STAGED = '/staging/work/staged';

/** Where each item goes, and what it is called in the snapshot, with a tab between them. */
function partsOf({ kind, items }: StagedOrder, fleetId: number): readonly string[] {
  return items.map(({ volume, member }, index) => {
    const place = kind === 'in-place' ? `${VOLUMES}/${String(fleetId)}_${volume}/_data` : `${STAGED}/${String(index)}`;
    return `${place}\t${member}`;
  });
}
