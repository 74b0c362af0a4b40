import type { LabDevice } from './device';

/** Where the run containers of a device see how far their clock is off; the volume is there from the first run on. */
const SHIFT_FILE = '/archive/faketimerc';
const SHIFT_FOLDER = '/var/lib/docker/volumes/duplicity/_data';

/**
 * Makes the device an image whose clock can be set apart from the machine's, which all devices of a lab share, and puts it
 * into the registry beside the image that it is made from. Gives its name. Monotonic clocks go on in true time.
 */
export async function makeClockImage(device: LabDevice, image: string): Promise<string> {
  const name = image.replace(/\/[^/]*$/, '/duplicity-clock:lab');
  const dockerfile = `FROM ${image}
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libfaketime \\
 && rm -rf /var/lib/apt/lists/* \\
 && find /usr/lib -name libfaketime.so.1 > /etc/ld.so.preload && [ -s /etc/ld.so.preload ]
ENV FAKETIME_TIMESTAMP_FILE=${SHIFT_FILE} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
`;
  await device.docker(['build', '--quiet', '--tag', name, '-'], { input: dockerfile });
  await device.docker(['push', '--quiet', name]);
  return name;
}

/** The clock of runs on the device is off by so many seconds from now on; 0 sets it right. */
export async function stepDeviceClock(device: LabDevice, seconds: number): Promise<void> {
  const shift = seconds < 0 ? String(seconds) : `+${String(seconds)}`;
  await device.sh(`mkdir -p ${SHIFT_FOLDER}; echo '${shift}' > ${SHIFT_FOLDER}/faketimerc`);
}
