import { type Either, isLeft } from 'fp-ts/Either';
import { escapedJson } from '../model/escape';
import type { Outlook } from '../model/explanation';
import type { Output } from './output';
import { noticesJson, noticesOf } from './outlooktext';
import { type Refusal, refuse } from './refusal';
import type { Terminal } from './terminal';

/** What the commands need that tell of the fleet as it is now. */
export interface OutlookTools {
  readonly outlook: () => Promise<Either<Refusal, Outlook>>;
  readonly output: Output;
  readonly terminal: Pick<Terminal, 'say' | 'complain' | 'columns' | 'progress'>;
}

/** How one of them tells it. */
export interface OutlookView {
  readonly lines: (outlook: Outlook, columns: number | null) => readonly string[];
  readonly json: (outlook: Outlook) => Readonly<Record<string, unknown>>;
}

/** Looks and tells. Gives the exit code: 0 whatever there is to tell. */
export async function showOutlook({ outlook, output, terminal }: OutlookTools, view: OutlookView): Promise<number> {
  // Into a file it would only be one more line.
  if (terminal.columns !== null) terminal.progress('Reading the fleet');
  const looked = await outlook();
  terminal.progress('');
  if (isLeft(looked)) return refuse(looked.left, terminal);
  if (output === 'json') {
    terminal.say(escapedJson({ ...noticesJson(looked.right), ...view.json(looked.right) }));
    return 0;
  }
  for (const line of view.lines(looked.right, terminal.columns)) terminal.say(line);
  for (const notice of noticesOf(looked.right)) terminal.complain(notice);
  return 0;
}
