import type { Say } from './cache';
import type { LabDevice } from './device';
import type { Lab } from './lab';
import { during } from './say';

export interface FleetOfThree {
  /** Enabled by its own tags, every minute; a service runs on its volume `data`. */
  readonly kitchen: LabDevice;
  /** Enabled by its fleet's tag, with a schedule of its fleet. */
  readonly garage: LabDevice;
  /** Not enabled. */
  readonly office: LabDevice;
}

/** Two fleets with three devices whose volumes hold something to lose. */
export async function threeDevices(lab: Lab, say: Say): Promise<FleetOfThree> {
  const home = lab.addFleet({ name: 'home' });
  const garages = lab.addFleet({
    name: 'garages',
    tags: { backupEnabled: 'true', backupSchedule: '* * * * *', backupVolumes: 'records' },
  });
  return during(say, 'starting three devices', async () => {
    const [kitchen, garage, office] = await Promise.all([
      lab.addDevice({ fleet: home, name: 'kitchen', tags: { backupEnabled: 'true', backupSchedule: '* * * * *' } }),
      lab.addDevice({ fleet: garages, name: 'garage' }),
      lab.addDevice({ fleet: home, name: 'office' }),
    ]);
    await Promise.all([kitchen.seedVolume('data'), garage.seedVolume('records'), office.seedVolume('data')]);
    await kitchen.putFiles('settings', { 'config.json': '{"lights":"on"}\n' });
    await kitchen.startService('lights', 'data');
    return { kitchen, garage, office };
  });
}
