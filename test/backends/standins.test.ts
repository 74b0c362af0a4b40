import { RoundTrips, type Way } from '../support/roundtrip';
import { type StandIns, startStandIns } from '../support/standins/standins';

interface Service extends Way<StandIns> {
  readonly environment: (standIns: StandIns) => Readonly<Record<string, string>>;
  /** In the place of what the service takes. */
  readonly wrong: (standIns: StandIns) => Readonly<Record<string, string>>;
  readonly refusal: RegExp;
}

const NOBODY = 'd1e2f3'.repeat(6);

const SERVICES: readonly Service[] = [
  {
    name: 'b2',
    url: ({ b2 }) => `b2://${b2.keyId}@${b2.bucket}/$UUID`,
    environment: ({ b2 }) => ({ FTP_PASSWORD: b2.key }),
    wrong: () => ({ FTP_PASSWORD: NOBODY }),
    refusal: /Unauthorized/,
  },
  {
    name: 'onedrive',
    url: () => 'onedrive://backups/$UUID',
    environment: ({ oneDrive: { clientId, refreshToken } }) => ({
      OAUTH2_CLIENT_ID: clientId,
      OAUTH2_REFRESH_TOKEN: refreshToken,
    }),
    wrong: () => ({ OAUTH2_REFRESH_TOKEN: NOBODY }),
    refusal: /invalid_grant/,
  },
  {
    name: 'gdrive',
    url: ({ drive }) => `gdrive://${drive.email}/backups/$UUID?driveID=${drive.driveId}`,
    environment: ({ drive }) => ({ GOOGLE_SERVICE_JSON: drive.json }),
    wrong: ({ drive }) => ({ GOOGLE_SERVICE_JSON: drive.forged }),
    refusal: /invalid_grant: Invalid JWT Signature/,
  },
  {
    name: 'dpbx',
    url: () => 'dpbx:///backups/$UUID',
    environment: ({ dropboxToken }) => ({ DPBX_ACCESS_TOKEN: dropboxToken }),
    wrong: () => ({ DPBX_ACCESS_TOKEN: NOBODY }),
    refusal: /Dropbox refuses DPBX_ACCESS_TOKEN/,
  },
];

/** Of Duplicity's and its libraries' requests: what is no answer to a question whether something is there. */
const REFUSED = / (?:400|401|403|405|411|413|416|5\d\d)$/;

let trips: RoundTrips<StandIns>;

beforeAll(async () => {
  trips = await RoundTrips.open({}, startStandIns);
  // The images take their time where they were not built before.
}, 900_000);

afterAll(async () => {
  await trips.close();
});

/** By what Duplicity stores last of each. */
function setsStored(): number {
  return trips.servers.files().filter((path) => /\/duplicity-(?:full|inc)\.[^/]*\.manifest\.gpg$/.test(path)).length;
}

/** As a device with the image has it. */
function inImage(way: Service, over: Partial<Service> = {}): Way<StandIns> {
  const environment: Service['environment'] = (standIns) => ({
    DOCKER_IMAGE: standIns.image,
    ...way.environment(standIns),
    ...over.wrong?.(standIns),
  });
  return { ...way, ...over, environment };
}

describe.each(SERVICES)('the stand-in of $name', (service) => {
  test('gives a full and an incremental snapshot back to another device, byte for byte', async () => {
    const { calls } = trips.servers;
    const [callsBefore, setsBefore] = [calls.length, setsStored()];

    expect(await trips.make(inImage(service))).toEqual({
      modes: ['full', 'incremental'],
      warnings: [],
      differences: [],
    });
    expect(setsStored()).toBe(setsBefore + 2);
    expect(calls.slice(callsBefore).filter((call) => REFUSED.test(call))).toEqual([]);
  });

  test('refuses another credential, which the run tells', async () => {
    const { name, wrong, refusal } = service;
    const said = await trips.tryOnce(inImage(service, { name: `${name}-refused`, wrong }));

    expect(said).toMatch(/The target could not be used: .* Check that .* credentials are right/s);
    expect(said).toMatch(refusal);
  });
});
