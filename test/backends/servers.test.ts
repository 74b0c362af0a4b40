import type { RestoreOrder } from '../support/restoreon';
import { RoundTrips, type Way } from '../support/roundtrip';
import { startStores, type Stores } from '../support/stores';

const password = ({ password: text }: Stores): Readonly<Record<string, string>> => ({ FTP_PASSWORD: text });
const mail = ({ password: text }: Stores): Readonly<Record<string, string>> => ({ IMAP_PASSWORD: text });
const at =
  (scheme: string, rest: string) =>
  ({ address }: Stores): string =>
    `${scheme}://keeper@${address}${rest}`;
const ownKey = ({ sshKey: key, knownHosts }: Stores): RestoreOrder['ssh'] => ({ key, knownHosts });
const UNCHECKED = ' --ssl-no-check-certificate';

const WAYS: readonly Way<Stores>[] = [
  { name: 'rsync-own-key', url: at('rsync', '//srv/ssh/rsync/$UUID'), ssh: ownKey },
  { name: 'sftp-own-key', url: at('sftp', '//srv/ssh/sftp/$UUID'), ssh: ownKey },
  { name: 'scp-own-key', url: at('scp', '//srv/ssh/scp'), ssh: ownKey },
  { name: 'rsync-daemon', url: at('rsync', '::box/rsync/$UUID'), environment: password },
  { name: 'ftp', url: at('ftp', '/ftp/$UUID'), environment: password },
  { name: 'ftps', url: at('ftps', `/ftps/$UUID${UNCHECKED}`), environment: password },
  { name: 'ftpes', url: at('ftpes', `/ftpes/$UUID${UNCHECKED}`), environment: password },
  { name: 'imap', url: at('imap', '/$UUID'), environment: mail },
];

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
