import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { DuplicityCommand } from '../model/duplicitycommand';
import { type ListedFile, parseListedFile } from '../model/duplicityoutput';
import { escapeControls } from '../model/escape';
import { parseRestoreTime } from '../model/restoretime';
import { instantText } from '../model/shown';
import { runByHand } from './byhand';
import type { Call } from './call';
import { manually } from './manual';
import { refuse } from './refusal';
import type { LookTools } from './snapshots';

/** What is in a snapshot of a device, all of it or below a path such as `data/photos`. Gives the exit code. */
export async function list(call: Call, tools: LookTools): Promise<number> {
  const [meant = '', path = ''] = call.words;
  const at = askedTime(call.values.get('at'), tools);
  if (isLeft(at)) return refuse({ code: 2, message: `--at: ${at.left}.` }, tools.terminal);
  const files: ListedFile[] = [];
  tools.onOutput((line) => {
    const file = parseListedFile(line);
    if (file !== null && file.path !== '.' && isBelow(file.path, path)) files.push(file);
  });
  const code = await runByHand(
    {
      meant,
      isPatient: call.flags.has('wait'),
      again: `balena-backup list ${meant}`,
      continues: null,
      isQuiet: true,
      actionFor: async (device) => {
        const policy = await tools.policyOf(device);
        if (isLeft(policy)) return left(policy.left);
        const target = policy.right.target.value;
        const options = [...at.right, ...target.options];
        const command: DuplicityCommand = { word: 'list-current-files', folder: null, amount: null, options };
        return right({ ...manually('execute', device, target, tools.now()), command });
      },
    },
    tools,
  );
  if (code === 0) show(files, path, call, tools);
  return code;
}

/** The option of a time, as restore reads it; none for the latest. */
function askedTime(text: string | undefined, { now }: Pick<LookTools, 'now'>): Either<string, readonly string[]> {
  if (text === undefined) return right([]);
  const at = parseRestoreTime(text, now());
  return isLeft(at) ? at : right([`--restore-time=${instantText(at.right).replace('Z', '+00:00')}`]);
}

function isBelow(path: string, wanted: string): boolean {
  const folder = wanted.replace(/^\/+|\/+$/g, '');
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

function show(files: readonly ListedFile[], path: string, call: Call, { terminal }: LookTools): void {
  if (call.output === 'json') {
    const rows = files.map((file) => ({ time: instantText(file.at), path: file.path }));
    terminal.say(JSON.stringify({ files: rows }));
    return;
  }
  if (files.length === 0) {
    const where = path === '' ? '' : ` below "${escapeControls(path)}"; volumes are its first folders`;
    terminal.complain(`There is nothing in the snapshot${where}.`);
  }
  for (const file of files) terminal.say(`${instantText(file.at)}  ${escapeControls(file.path)}`);
}
