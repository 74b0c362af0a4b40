import { isLeft, left, right } from 'fp-ts/Either';
import type { Target } from '../../src/model/policy';
import { parseTarget, rawTarget, serverOf, type TargetContext } from '../../src/model/target';
import { aUuid } from '../support/desired';

const uuid = aUuid(7);
const environment = new Map([
  ['B2_ID', 'id0'],
  ['B2_KEY', 'k/e+y'],
  ['FTP_PASSWORD', 'hunter22'],
  ['AWS_ACCESS_KEY_ID', 'AKIA'],
  ['AWS_SECRET_ACCESS_KEY', 'wJalr'],
  ['CLI_API_KEY', 'secret'],
]);

function context(over: Partial<TargetContext> = {}): TargetContext {
  return { uuid, environment, allowed: null, trusted: false, home: null, ...over };
}

function target(text: string, over: Partial<TargetContext> = {}): Target {
  const parsed = parseTarget(text, context(over));
  if (isLeft(parsed)) throw new Error(parsed.left.join('; '));
  return parsed.right;
}

function problem(text: string, over: Partial<TargetContext> = {}): string {
  const parsed = parseTarget(text, context(over));
  return isLeft(parsed) ? parsed.left.join('; ') : `accepted: ${parsed.right.url}`;
}

describe('a target', () => {
  test('with the UUID in its path needs no prefix', () => {
    expect(target('rsync://root@10.0.0.1:54321//backups/$UUID')).toMatchObject({
      url: `rsync://root@10.0.0.1:54321//backups/${uuid}`,
      options: [],
      host: '10.0.0.1',
      port: 54_321,
      user: 'root',
      filePrefix: null,
      overSsh: true,
      place: `ssh://10.0.0.1:54321/backups/${uuid}`,
    });
  });

  test('without the UUID gets it as a prefix of its files', () => {
    expect(target('sftp://host//backups')).toMatchObject({
      filePrefix: `${uuid}-`,
      options: [`--file-prefix=${uuid}-`],
    });
    expect(target('sftp://host//backups --file-prefix a-').options).toEqual([`--file-prefix=a-${uuid}-`]);
    expect(target("sftp://host//backups '--file-prefix='$UUID").options).toEqual([`--file-prefix=${uuid}`]);
  });

  test.each([
    { text: 'sftp://host//b --file-prefix=a/b', word: 'a/b' },
    { text: "sftp://host//b '--file-prefix=a b'", word: 'a b' },
    { text: "sftp://host//b '--file-prefix= a'", word: ' a' },
    { text: "sftp://host//b '--file-prefix=a '", word: 'a ' },
  ])('takes no prefix that is more than a part of a name: "$word"', ({ text }) => {
    expect(problem(text)).toBe('--file-prefix may have letters, digits, _ . and - only');
  });

  test.each(['manifest', 'archive', 'signature', 'jsonstat'])(
    'takes no prefix of one kind of file that leads elsewhere: %s',
    (kind) => {
      const elsewhere = `sftp://host//b/$UUID --file-prefix-${kind}=../${aUuid(8)}/`;

      expect(problem(elsewhere)).toBe(`--file-prefix-${kind} may have letters, digits, _ . and - only`);
      expect(target(`sftp://host//b/$UUID --file-prefix-${kind}=x-`).options).toEqual([`--file-prefix-${kind}=x-`]);
    },
  );

  test('has one prefix, the last that was written, behind its other options', () => {
    expect(target('sftp://host//b --file-prefix=a- --timeout=3 --file-prefix=b.').options).toEqual([
      '--timeout=3',
      `--file-prefix=b.${uuid}-`,
    ]);
  });

  test('by hand is taken as it is: nothing is added to keep devices apart', () => {
    const raw = (url: string, ...options: readonly string[]): unknown => rawTarget(url, options, context());

    expect(raw('sftp://host//b')).toMatchObject(right({ options: [], filePrefix: null, place: 'ssh://host/b' }));
    expect(raw('sftp://host//b', '--file-prefix=x', '--verbosity=9')).toMatchObject(
      right({ options: ['--verbosity=9', '--file-prefix=x'], filePrefix: 'x' }),
    );
    expect(raw('nowhere')).toEqual(left([expect.stringMatching(/is not a scheme that Duplicity knows/)]));
  });

  test.each([
    { text: 'sftp://host//b', shown: 'sftp://host//b' },
    { text: 'sftp://u@host:1//b', shown: 'sftp://u@host:1//b' },
    { text: 'ftp://u:secret@host/b', shown: 'ftp://host/b' },
    { text: 'rsync://host:873::module/b', shown: 'rsync://host:873::module/b' },
    { text: 'file:///backups/b', shown: 'file:///backups/b' },
  ])('is shown to people without what may be half of a credential: $text', ({ text, shown }) => {
    expect(target(text)).toMatchObject({ shown });
  });

  test.each([
    { text: 'rclone://box:a//b/./c', place: `rclone://box:a/b/c#${uuid}-` },
    { text: 'sftp://host/b', place: `ssh://host/~/b#${uuid}-` },
    { text: 'sftp://u@host/b', place: `ssh://host/~u/b#${uuid}-` },
    { text: 'sftp://host:2222//b', place: `ssh://host:2222/b#${uuid}-` },
    { text: 'sftp://host:22//b', place: `ssh://host/b#${uuid}-` },
    { text: 'file:///backups//b', place: `file:${uuid}:/backups/b` },
  ])('is at one place however it is written: $text', ({ text, place }) => {
    const known = new Map([...environment, ['RCLONE_CONFIG_BOX_TYPE', 'sftp']]);

    expect(target(text, { environment: known }).place).toBe(place);
  });

  test('names the server that its passwords would be sent to', () => {
    expect(serverOf({ scheme: 'ftp', host: 'h', port: 21 })).toBe('ftp://h:21');
    expect(serverOf({ scheme: 'file', host: null, port: null })).toBe('file://:');
  });

  test('has no control character in it, wherever that came from', () => {
    const known = new Map([['ODD', 'a\u0001b']]);
    const is = 'a word has a control character in it; remove it';

    expect(problem('sftp://host//$ODD', { environment: known })).toBe(is);
    expect(problem('sftp://host//a\u007f')).toBe(is);
  });

  test('without a port has none, and neither has a folder of the device', () => {
    expect(target('sftp://host//b').port).toBeNull();
    expect(target('file:///backups/b')).toMatchObject({ host: null, port: null, user: null });
  });

  test('on the device itself is a place of its own without a prefix', () => {
    const first = target('file:///backups');
    expect(first).toMatchObject({ filePrefix: null, deviceLocal: true, overSsh: false });
    expect(first.place).not.toBe(target('file:///backups', { uuid: aUuid(8) }).place);
  });

  test.each(['file:///b', 'file:///tmp/backups', 'file:///backups2', 'file:////archive/x', 'file:///%62/backups'])(
    'on the device itself lies in the volume for it, since all else vanishes with the container: %s',
    (text) => {
      expect(problem(text, { trusted: true })).toMatch(/must lie in \/backups/);
      expect(rawTarget(text, [], context())).toMatchObject(right({ url: text }));
    },
  );

  test.each(['file:///backups', 'file:///backups/', 'file:////backups/$UUID', 'file:///./backups/x'])(
    'on the device itself may be any folder of that volume: %s',
    (text) => {
      expect(target(text)).toMatchObject({ deviceLocal: true });
    },
  );

  test.each([
    ['rsync://host//b/$UUID/', 'sftp://HOST:22//b/./$UUID'],
    ['ftp://h/a/$UUID', 'ftps://h:990/a//$UUID'],
    ['s3://bucket/x/$UUID', 'boto3+s3://bucket/x/%24'.replace('%24', '$UUID')],
  ])('%s is the same place as %s', (one, other) => {
    expect(target(one, { home: 'x' }).place).toBe(target(other).place);
  });

  test('a path with one slash is below the home of its login, so another place', () => {
    expect(target('sftp://a@host/b/$UUID').place).not.toBe(target('sftp://a@host//b/$UUID').place);
  });

  test('scp goes as sftp and keeps its name for people', () => {
    expect(target('scp://root@host:54321//b/$UUID')).toMatchObject({
      scheme: 'scp',
      url: `sftp://root@host:54321//b/${uuid}`,
      shown: `scp://root@host:54321//b/${uuid}`,
    });
  });

  test('an expanded password is in the URL alone', () => {
    const parsed = target('b2://$B2_ID:abc@bucket/$UUID');
    expect(parsed.url).toBe(`b2://id0:abc@bucket/${uuid}`);
    expect(JSON.stringify({ ...parsed, url: '', user: '' })).not.toMatch(/abc|id0/);
  });

  test('an expanded key with a slash is refused with what to do, and not shown', () => {
    expect(problem('b2://$B2_ID:$B2_KEY@bucket/$UUID')).toBe(
      'the user or password seems to have a / in it; write it as %2F',
    );
  });

  test('a tag cannot send a password to a server of its own choice', () => {
    expect(problem('ftp://user@evil/x')).toContain('FTP_PASSWORD is only sent to the server of BACKUP_URL');
    const home = serverOf(target('ftp://user@good/x', { trusted: true }));
    expect(target('ftp://user@good/y', { home }).variables).toEqual(['FTP_PASSWORD']);
    expect(target('sftp://user@evil/x').variables).toEqual([]);
    expect(target('ftp://user:own@evil/x').variables).toEqual([]);
  });

  test('only what the scheme needs reaches the container', () => {
    expect(target('s3://bucket/$UUID').variables).toEqual(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']);
    expect(target('file:///backups').variables).toEqual([]);
  });

  test.each([
    ['', 'no URL'],
    ['sftp://a//b sftp://c//d', 'two URLs'],
    ['sftp://a//b extra', 'no option'],
    ['bogus://a/b', 'not a scheme'],
    ['cf+http://b/c', 'cannot be used'],
    ['sftp://host//a/../b', '..'],
    ['sftp://host//a/%2e%2e/b', '..'],
    ['sftp://host//a;reboot', 'not safe'],
    ['"sftp://host//a b"', 'not safe'],
    ['sftp://host//a%0ab', 'not safe'],
    ['sftp://-oProxyCommand=x//a', 'host'],
    ['sftp://-l@host//a', 'user name'],
    ['sftp://host:99999//a', 'port'],
    ['sftp://host:ab//a', 'port'],
    ['file://relative', 'absolute path'],
    ['rclone://remote,x:path', 'not safe'],
    ['rclone://-x', 'begins with -'],
    ['sftp://host//b -v9', 'long form'],
    ['sftp://host//b --archive-dir=/x', 'set by the controller'],
    ['sftp://host//b --rsync-options=-e', 'may not come from a tag'],
    ['sftp://host//$CLI_API_KEY', 'may not be used'],
    ['sftp://host//$AWS_ACCESS_KEY_ID', 'may not be used'],
    ['sftp://host//$SCRT_B2_ID', 'did you mean $B2_ID?'],
    ["sftp://host//'", 'quote'],
  ])('%s is refused', (text, part) => {
    const found = problem(text);
    expect(found).toContain(part);
    expect(found).not.toContain('secret');
  });
});
