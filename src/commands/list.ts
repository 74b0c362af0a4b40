import { isLeft, left, right } from 'fp-ts/Either';
import type { DuplicityCommand } from '../model/duplicitycommand';
import { type ListedFile, parseListedFile } from '../model/duplicityoutput';
import { escapeControls } from '../model/escape';
import { instantText } from '../model/shown';
import { runByHand } from './byhand';
import type { Call } from './call';
import { manually } from './manual';
import type { LookTools } from './snapshots';

/** What is in a snapshot of a device, all of it or below a path such as `data/photos`. Gives the exit code. */
export async function list(call: Call, tools: LookTools): Promise<number> {
  const [meant = '', path = ''] = call.words;
  const at = call.values.get('at');
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
        const time = at === undefined ? [] : [`--restore-time=${at}`];
        const options = [...time, ...target.options];
        const command: DuplicityCommand = { word: 'list-current-files', folder: null, amount: null, options };
        return right({ ...manually('execute', device, target, tools.now()), command });
      },
    },
    tools,
  );
  if (code === 0) show(files, path, call, tools);
  return code;
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
