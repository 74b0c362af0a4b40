import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { DeviceUuid } from '../model/brand';
import type { Device } from '../model/device';
import type { Failure, FailureOf } from '../model/failure';
import type { Session, Transport } from '../model/ports';
import type { TransportKind } from '../model/settings';
import { unreachable } from './dial';

/** One of the ways to choose from; made when it is first needed. */
export interface Offer {
  readonly name: TransportKind;
  readonly make: () => Transport;
}

/**
 * Tries the ways in their order, and what worked last for the device first. The failure of all of them is the one that says
 * most. Each way tells its own events.
 */
export function createChoiceTransport(offers: readonly Offer[]): Transport {
  const choice = new Choice(offers);
  return {
    name: offers.map(({ name }) => name).join(','),
    open: (device, signal) => choice.open(device, signal),
    close: () => {
      choice.close();
    },
  };
}

class Choice {
  readonly #offers: readonly Offer[];
  readonly #made = new Map<Offer, Transport>();
  readonly #firstFor = new Map<DeviceUuid, Offer>();

  public constructor(offers: readonly Offer[]) {
    this.#offers = offers;
  }

  public async open(device: Device, signal: AbortSignal): Promise<Either<Failure, Session>> {
    let told: Failure | null = null;
    for (const offer of this.#orderFor(device)) {
      const session = await this.#transportOf(offer).open(device, signal);
      if (!isLeft(session)) {
        this.#firstFor.set(device.uuid, offer);
        return right(this.#watched(session.right, device, offer));
      }
      if (isTheSameEverywhere(session.left)) return session;
      told = told === null || weightOf(session.left) > weightOf(told) ? session.left : told;
    }
    return left(told ?? unreachable('resolve', 'there is no way to it: set DEVICE_TRANSPORT'));
  }

  public close(): void {
    for (const transport of this.#made.values()) transport.close();
  }

  #orderFor(device: Device): readonly Offer[] {
    const first = this.#firstFor.get(device.uuid);
    return first === undefined ? this.#offers : [first, ...this.#offers.filter((offer) => offer !== first)];
  }

  #transportOf(offer: Offer): Transport {
    const transport = this.#made.get(offer) ?? offer.make();
    this.#made.set(offer, transport);
    return transport;
  }

  /** A gateway opens a shell whether or not it can reach the device: only what comes of the session shows if the way works. */
  #watched(session: Session, device: Device, offer: Offer): Session {
    let isHeard = false;
    let isClosedHere = false;
    const lines = session.lines[Symbol.asyncIterator]();
    const next = async (): Promise<IteratorResult<string>> => {
      const line = await lines.next();
      if (line.done !== true) isHeard = true;
      return line;
    };
    void session.ended.then(({ failure }) => {
      const works = isClosedHere || (isHeard && failure === null);
      if (!works && this.#firstFor.get(device.uuid) === offer) this.#firstFor.set(device.uuid, this.#after(offer));
    });
    return {
      send: (text) => {
        session.send(text);
      },
      lines: { [Symbol.asyncIterator]: () => ({ next }) },
      ended: session.ended,
      close: () => {
        isClosedHere = true;
        session.close();
      },
    };
  }

  #after(offer: Offer): Offer {
    return this.#offers[(this.#offers.indexOf(offer) + 1) % this.#offers.length] ?? offer;
  }
}

/** Whether no other way can mend it. That the API key is refused is no such thing: only the tunnel asks for it. */
function isTheSameEverywhere(failure: Failure): boolean {
  return failure.kind === 'cancelled' || failure.kind === 'api-unavailable';
}

const PHASES: Readonly<Record<FailureOf<'device-unreachable'>['phase'], number>> = {
  resolve: 0,
  connect: 1,
  handshake: 2,
  channel: 3,
};

/** The further a way got, the more its failure says; most of all says one that a person must look at. */
function weightOf(failure: Failure): number {
  if (failure.kind === 'device-unreachable') return PHASES[failure.phase];
  if (failure.kind === 'timed-out') return PHASES.connect;
  return failure.kind === 'auth-rejected' ? 4 : 5;
}
