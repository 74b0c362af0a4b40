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
});
