import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { addressOf } from '../model/address';
import type { Device } from '../model/device';
import type { Failure } from '../model/failure';
import type { Transport } from '../model/ports';
import type { HostPort } from '../model/settings';
import { dial, unreachable } from './dial';
import { Pacer } from './pace';
import { deviceHostOf } from './tunnel';
import { limitsOf, transportOf, type Way, type WayOptions } from './way';

export interface DirectOptions extends WayOptions {
  readonly pacer?: Pacer;
}

/** SSH to the device's own server at the address in its tag, for devices on a network that we are on. */
export function createDirectTransport(options: DirectOptions): Transport {
  return transportOf(directWay(options), options);
}

export function directWay(options: DirectOptions): Way {
  const limits = limitsOf(options);
  const pacer = options.pacer ?? new Pacer();
  return {
    name: 'direct',
    hostOf: deviceHostOf,
    pinnedHostKey: null,
    commandFor: shellOn,
    reach: async (device, _username, signal) => {
      const address = wayTo(device);
      if (isLeft(address)) return address;
      return pacer.paced(device.uuid, signal, () => dial(address.right, limits, signal));
    },
    namedFailure: ({ exitCode }) => (exitCode === STRANGER ? wrongAddress : null),
  };
}

function wayTo(device: Device): Either<Failure, HostPort> {
  const address = addressOf(device);
  if (address === null) {
    const detail =
      'it has no tag backupAddress, which the direct transport needs; set it to the host name or IP address of the device';
    return left(unreachable('resolve', detail));
  }
  return isLeft(address) ? left(unreachable('resolve', `tag backupAddress: ${address.left}`)) : right(address.right);
}

/** Exit code of the check; no shell and no script of ours has it. */
const STRANGER = 93;
const wrongAddress = unreachable(
  'resolve',
  'the device at the address in its tag backupAddress is another one; correct the tag',
);

/**
 * An address may belong to another device tomorrow, and that one would let us in as well: the shell is only given on the
 * device that is meant. balenaOS keeps its UUID in that file; where there is none, nothing can be said.
 */
function shellOn({ uuid }: Device): string {
  const file = '/mnt/boot/config.json';
  return `if [ -f ${file} ] && ! grep -q '"${uuid}"' ${file}; then exit ${String(STRANGER)}; fi; exec sh`;
}
