import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const PROGRAM = `
import json, os, sys, tempfile
sys.path.insert(0, sys.argv[1])
import sets
answers = []
for text in json.load(sys.stdin):
    data = bytes.fromhex(text)
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        answers.append(sets.is_whole(file.fileno(), len(data)))
json.dump(answers, sys.stdout)
`;

/** Whether the collector takes each of the files for a message that is not cut off. */
function areWhole(files: readonly Buffer[]): readonly boolean[] {
  const input = JSON.stringify(files.map((file) => file.toString('hex')));
  const folder = join(__dirname, '..', '..', 'collector');
  const { stdout } = spawnSync('python3', ['-IB', '-c', PROGRAM, folder], { input, encoding: 'utf8' });
  return JSON.parse(stdout) as readonly boolean[];
}

const of = (...parts: readonly (readonly number[] | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.alloc(part, 7) : Buffer.from(part))));

/** What GnuPG writes before the encrypted part: a session key by a passphrase. */
const KEY = [0x8c, 0x0d, 4, 9, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 255];

const messages = [
  { name: 'a length of one byte', file: of(KEY, [0xd2, 60], 60) },
  { name: 'a length of two bytes', file: of(KEY, [0xd2, 192, 8], 200) },
  { name: 'a length of five bytes', file: of(KEY, [0xd2, 255, 0, 0, 1, 44], 300) },
  { name: 'a body in parts', file: of(KEY, [0xd2, 0xe9], 512, [0xe7], 128, [40], 40) },
  { name: 'the old form', file: of([0x85, 0, 20], 20, [0xa5, 1, 0], 256) },
];

describe('a manifest at the collector', () => {
  it.each(messages)('with $name is there when its last byte is, and not before', ({ file }) => {
    const cut = [...Array(file.length).keys()].map((length) => file.subarray(0, length));

    const whole = areWhole([...cut, file]);

    expect(whole.flatMap((isWhole, length) => (isWhole ? [length] : []))).toEqual([file.length]);
  });

  it('that is not encrypted counts as it is, and an empty file not at all', () => {
    expect(areWhole([Buffer.from('Hostname x\n'), Buffer.from([0x1f, 0x8b, 8]), Buffer.alloc(0)])).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('with something behind its end is none', () => {
    expect(areWhole([of(KEY, [0xd2, 60], 61)])).toEqual([false]);
  });
});
