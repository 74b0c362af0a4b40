import { RoundTrips, type Way } from '../support/roundtrip';
import { type StandIns, startStandIns } from '../support/standins/standins';

const WAYS: readonly Way<StandIns>[] = [
  {
    name: 'b2',
    url: ({ b2 }) => `b2://${b2.keyId}@${b2.bucket}/$UUID`,
    environment: ({ image, b2 }) => ({ DOCKER_IMAGE: image, FTP_PASSWORD: b2.key }),
  },
  {
    name: 'onedrive',
    url: () => 'onedrive://backups/$UUID',
    environment: ({ image, oneDrive }) => ({
      DOCKER_IMAGE: image,
      OAUTH2_CLIENT_ID: oneDrive.clientId,
      OAUTH2_REFRESH_TOKEN: oneDrive.refreshToken,
    }),
  },
  {
    name: 'gdrive',
    url: ({ drive }) => `gdrive://${drive.email}/backups/$UUID?driveID=${drive.driveId}`,
    environment: ({ image, drive }) => ({ DOCKER_IMAGE: image, GOOGLE_SERVICE_JSON: drive.json }),
  },
  {
    name: 'dpbx',
    url: () => 'dpbx:///backups/$UUID',
    environment: ({ image, dropboxToken }) => ({ DOCKER_IMAGE: image, DPBX_ACCESS_TOKEN: dropboxToken }),
  },
];

let trips: RoundTrips<StandIns>;

beforeAll(async () => {
  trips = await RoundTrips.open({}, startStandIns);
  // The images take their time where they were not built before.
}, 900_000);

afterAll(async () => {
  await trips.close();
});

describe('a full and an incremental snapshot are restored on another device, byte for byte', () => {
  it.each(WAYS)('by $name', async (way) => {
    const earlier = trips.servers.calls.length;

    expect(await trips.make(way)).toEqual({ modes: ['full', 'incremental'], warnings: [], differences: [] });
    expect(trips.servers.calls.slice(earlier).filter((call) => !USUAL.test(call))).toEqual([]);
  });
});

/** It is how they say too that a folder is not there yet. */
const USUAL = / (2..|302|308|404|409)$/;
