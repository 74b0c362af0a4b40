import type { LabDevice } from '../lab/device';
import { type Lab, startLab } from '../lab/lab';
import { directly, throughTunnel } from '../support/labbench';
import { transportSuite } from '../support/transportsuite';

let lab: Lab;
let device: LabDevice;

beforeAll(async () => {
  lab = await startLab();
  device = await lab.addDevice({ fleet: lab.addFleet({ name: 'workshop' }), name: 'bench' });
});

afterAll(async () => {
  await lab.stop();
});

// The gateway of the lab is the one of the unit tests; what is real here is the device's own OpenSSH.
transportSuite("through the tunnel to a device's OpenSSH", (account) => throughTunnel({ lab, device }, account));
transportSuite("direct to a device's OpenSSH", (account) => directly({ lab, device }, account));
