import { hiddenValues } from '../../src/model/hidden';

function hidden(environment: Readonly<Record<string, string>>, url = ''): readonly string[] {
  return hiddenValues(url, new Map(Object.entries(environment)));
}

describe('what no line may show', () => {
  test('is what stands for a password in the files that runs bring along', () => {
    const stores = [{ url: 'ftp://u:inurl@h/x', env: [{ name: 'FTP_PASSWORD', value: 'inenv' }] }];
    expect(hidden({ MULTI_CONFIG: JSON.stringify(stores) })).toEqual(['inenv', 'inurl']);
    expect(hidden({ RCLONE_CONFIG: '[box]\ntype = sftp\nhost = example.org\npass = obscured\n' })).toEqual([
      'obscured',
    ]);
    const key = JSON.stringify({ client_email: 'a@b', private_key: '-----BEGIN\nabcdefgh\n-----END' });
    expect(hidden({ GOOGLE_SERVICE_JSON: key })).toContain('abcdefgh');
  });

  test('is every credential of a backend and every password in the URL, and no path of a file', () => {
    const environment = {
      FTP_PASSWORD: 'hunter22',
      FTP_PASSWORD_FILE: '/run/ftp',
      MY_TOKEN: 'mine',
      HOST: 'h',
      CLI_API_KEY: 'x',
    };
    expect([...hidden(environment, 'ftp://u:$MY@h/x')].sort()).toEqual(['$MY', 'hunter22', 'mine']);
  });

  test.each([
    { url: 'ftp://u:se:cret@h/x', password: 'se:cret' },
    { url: 'rsync://u:se@cret@h::module/x', password: 'se@cret' },
  ])('is the whole of a password, as the URL is parsed: $url', ({ url, password }) => {
    expect(hidden({}, url)).toContain(password);
  });

  test.each([
    {
      name: 'what by its name is secret',
      environment: { B2_KEY: 'abcd', MY_PASS: 'efgh', NO_AUTH: 'ij', X_CREDENTIAL: 'k' },
      is: ['abcd', 'efgh', 'ij', 'k'],
    },
    {
      name: 'nothing of what is empty, or harmless',
      environment: { B2_KEY: '', B2_ID: 'id', HOME: '/root', MY_TOKEN_FILE: '/run/token' },
      is: [],
    },
    {
      name: 'nothing of our own settings, which are known as secrets anyway',
      environment: { PASSPHRASE: 'x', CLI_API_KEY: 'y' },
      is: [],
    },
    { name: 'the same value once', environment: { A_KEY: 'same', B_KEY: 'same' }, is: ['same'] },
    {
      name: "backends' credentials though a URL may not name them",
      environment: { AWS_SECRET_ACCESS_KEY: 'aws' },
      is: ['aws'],
    },
  ])('is $name', ({ environment, is }) => {
    expect(hidden(environment)).toEqual(is);
  });

  test('is in files what has four characters or more: less would hide all over a log', () => {
    expect(hidden({ RCLONE_CONFIG: 'pass = abc\ntoken = abcd\n' })).toEqual(['abcd']);
    expect(hidden({ RCLONE_CONFIG: 'type = abcd\n' })).toEqual([]);
    expect(hidden({ MULTI_CONFIG: '{"pass": "ab\\\\\\"cd"}' })).toEqual(['ab\\\\\\"cd']);
    expect(hidden({ AWS_SHARED_CREDENTIALS: 'aws_secret_access_key=wJalr/x\n' })).toContain('wJalr/x');
    expect(hidden({ MULTI_CONFIG: '[{"url":"ftp://u:inurl@h/x"}]' })).toContain('inurl');
  });

  test('is in files both a text with escaped line ends and each of its lines', () => {
    expect(hidden({ GOOGLE_SERVICE_JSON: '{"private_key": "first\\nsecond\\nend"}' })).toEqual([
      'first\\nsecond\\nend',
      'first',
      'second',
    ]);
  });
});
