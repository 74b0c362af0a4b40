import { RoundTrips, type Way } from '../support/roundtrip';
import { S3_PORT, startStores, type Stores } from '../support/stores';

const password = ({ password: text }: Stores): Readonly<Record<string, string>> => ({ FTP_PASSWORD: text });
const WEB = ({ address }: Stores): string => `webdav://keeper@${address}/webdav/$UUID`;

/** An rclone configuration file with a remote over sftp; a key stands on one line in it. */
function rcloneFile({ address, sshKey }: Stores): string {
  const key = sshKey.trim().replaceAll('\n', '\\n');
  return `[box]\ntype = sftp\nhost = ${address}\nuser = keeper\nkey_pem = ${key}\n`;
}

const WAYS: readonly Way<Stores>[] = [
  { name: 'webdav', url: WEB, environment: password },
  {
    name: 'webdavs',
    url: ({ address }) => `webdavs://keeper@${address}/webdavs/$UUID --ssl-no-check-certificate`,
    environment: password,
  },
  {
    name: 's3',
    url: ({ address }) => `s3://box/$UUID --s3-endpoint-url=http://${address}:${String(S3_PORT)}`,
    environment: () => ({ AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' }),
  },
  {
    name: 'azure',
    url: () => 'azure://box',
    environment: ({ azure }) => ({ AZURE_CONNECTION_STRING: azure }),
  },
  {
    name: 'swift',
    url: () => 'swift://box/$UUID',
    environment: (stores) => ({
      SWIFT_USERNAME: 'test:keeper',
      SWIFT_PASSWORD: stores.password,
      SWIFT_AUTHURL: `http://${stores.address}:8080/auth/v1.0`,
      SWIFT_AUTHVERSION: '1',
    }),
  },
  {
    name: 'imaps',
    url: ({ address }) => `imaps://keeper@${address}/$UUID`,
    environment: (stores) => ({ IMAP_PASSWORD: stores.password }),
  },
  {
    name: 'rclone-by-file',
    url: () => 'rclone://box:/srv/ssh/rclone/$UUID',
    environment: (stores) => ({ RCLONE_CONFIG: rcloneFile(stores) }),
  },
  {
    name: 'rclone-by-variables',
    url: () => 'rclone://store:box/rclone/$UUID',
    environment: ({ address }) => ({
      RCLONE_CONFIG_STORE_TYPE: 's3',
      RCLONE_CONFIG_STORE_PROVIDER: 'Other',
      RCLONE_CONFIG_STORE_ACCESS_KEY_ID: 'S3RVER',
      RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: 'S3RVER',
      RCLONE_CONFIG_STORE_ENDPOINT: `http://${address}:${String(S3_PORT)}`,
    }),
  },
  {
    name: 'multi',
    url: () => 'multi:///stores?mode=mirror&onfail=abort',
    environment: (stores) => ({ MULTI_CONFIG: storesOf(stores) }),
  },
];

function storesOf({ address, password: value }: Stores): string {
  const env = [{ name: 'FTP_PASSWORD', value }];
  const urls = [`webdav://keeper@${address}/multi`, `ftp://keeper@${address}/multi`];
  return JSON.stringify(urls.map((url) => ({ url, env })));
}

let trips: RoundTrips<Stores>;

beforeAll(async () => {
  trips = await RoundTrips.open({ stores: true }, startStores);
  // The images take their time where they were not built before.
}, 900_000);

afterAll(async () => {
  await trips.close();
});

describe('a full and an incremental snapshot are restored on another device, byte for byte', () => {
  it.each(WAYS)('by $name', async (way) => {
    expect(await trips.make(way)).toEqual({ modes: ['full', 'incremental'], warnings: [], differences: [] });
  });
});
