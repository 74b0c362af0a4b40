import { left, right } from 'fp-ts/Either';
import { deviceUuidOf } from '../../src/model/brand';
import { chooseDevice } from '../../src/commands/finddevice';
import { aDevice } from '../support/desired';

const kitchen = aDevice({ uuid: deviceUuidOf(`1234567${'a'.repeat(25)}`), name: 'kitchen' });
const twin = aDevice({ uuid: deviceUuidOf(`1234567${'b'.repeat(25)}`), name: 'garage' });

describe('the device that a person means', () => {
  it.each([
    { typed: kitchen.uuid, found: [kitchen], device: kitchen },
    { typed: kitchen.uuid.toUpperCase(), found: [kitchen], device: kitchen },
    { typed: '1234567', found: [kitchen], device: kitchen },
    { typed: 'garage', found: [twin], device: twin },
    { typed: '1234567a', found: [kitchen, twin], device: kitchen },
    {
      typed: kitchen.uuid,
      found: [kitchen, aDevice({ uuid: deviceUuidOf('c'.repeat(32)), name: kitchen.uuid })],
      device: kitchen,
    },
  ])('is found by $typed', ({ typed, found, device }) => {
    expect(chooseDevice(typed, found)).toEqual(right(device));
  });

  it.each([
    { typed: '1234567', found: [kitchen, twin], says: /can mean 2 devices: .*kitchen.*garage.*more of the UUID/ },
    { typed: 'hall', found: [], says: /No device is called "hall"/ },
    { typed: '12345', found: [], says: /too short for a UUID: write 7 or more/ },
    { typed: '\u001b[2J', found: [], says: /"\\u001b\[2J"/ },
  ])('is not guessed: $typed', ({ typed, found, says }) => {
    expect(chooseDevice(typed, found)).toEqual(left(expect.stringMatching(says)));
  });
});
