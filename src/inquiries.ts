import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { createFleetApi } from './balena/fleetapi';
import type { Call } from './commands/call';
import { chooseDevice } from './commands/finddevice';
import { history } from './commands/history';
import { plan } from './commands/plan';
import type { Refusal } from './commands/refusal';
import type { OutlookTools } from './commands/showoutlook';
import { status } from './commands/status';
import type { Terminal } from './commands/terminal';
import { why } from './commands/why';
import { openReader } from './ledger/reader';
import { scrubberOf } from './log/scrub';
import { instantOf } from './model/brand';
import { describeFailure } from './model/describe';
import type { KnownDevice } from './model/ports';
import type { Settings } from './model/settings';
import { lookOut } from './outlook';
import type { Perform } from './perform';

/** A person waits for the answer, and the ledger has one of its own where the API has none. */
const API_TIMEOUT_MS = 20_000;
const never = new AbortController().signal;

/** The commands that ask and change nothing, joined to what they ask. */
export const INQUIRIES = {
  plan: (call, settings, terminal) => plan(outlookTools(call, settings, terminal)),
  status: (call, settings, terminal) =>
    status({ ...outlookTools(call, settings, terminal), lastRuns: openReader(settings.stateDir).lastRuns }),
  why: (call, settings, terminal) =>
    why({
      ...outlookTools(call, settings, scrubbed(terminal, settings)),
      runsOf: openReader(settings.stateDir).runsOf,
    }),
  history: (call, settings, terminal) => {
    const [meant = '', runId = null] = call.words;
    return history({
      device: () => knownDevice(meant, settings),
      runsOf: openReader(settings.stateDir).runsOf,
      runId,
      output: call.output,
      terminal: scrubbed(terminal, settings),
    });
  },
} as const satisfies Readonly<Record<string, Perform>>;

function outlookTools({ words, output }: Call, settings: Settings, terminal: Terminal): OutlookTools {
  const api = createFleetApi({ ...settings, timeoutMs: API_TIMEOUT_MS });
  const now = (): ReturnType<typeof instantOf> => instantOf(Date.now());
  return { outlook: () => lookOut({ settings, api, now }, words, never), output, terminal };
}

/** The device that is meant: by the ledger where it can tell, so that it works without the API, else by the API. */
export async function knownDevice(
  meant: string,
  settings: Settings,
): Promise<Either<Refusal, Pick<KnownDevice, 'uuid' | 'name'>>> {
  const known = chooseDevice(meant, openReader(settings.stateDir).known());
  if (!isLeft(known)) return known;
  const found = await createFleetApi({ ...settings, timeoutMs: API_TIMEOUT_MS }).findDevices(meant, never);
  if (isLeft(found)) {
    const message = `The ledger knows no such device, and the API cannot be asked. ${describeFailure(found.left)}.`;
    return left({ message, code: 1 });
  }
  const chosen = chooseDevice(meant, found.right.devices);
  return isLeft(chosen) ? left({ message: chosen.left, code: 2 }) : right(chosen.right);
}

/** What a device or the API said is scrubbed where it comes in; what a person sees is scrubbed once more. */
export function scrubbed(terminal: Terminal, { secrets }: Settings): Terminal {
  const scrub = scrubberOf(secrets);
  return {
    ...terminal,
    say: (line, colour) => {
      terminal.say(scrub(line), colour);
    },
    complain: (line) => {
      terminal.complain(scrub(line));
    },
  };
}
