import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { LabDevice } from '../../lab/device';
import type { Lab } from '../../lab/lab';
import { B2, type B2Account } from './b2';
import { type Door, openDoor } from './door';
import { Dropbox } from './dropbox';
import { GoogleDrive } from './gdrive';
import { OneDrive, type OneDriveAccount } from './onedrive';
import type { StandIn } from './service';

/** Stand-ins for services on the web that no server can be had of, and an image whose programs find them. */
export interface StandIns {
  readonly image: string;
  readonly b2: B2Account;
  readonly oneDrive: OneDriveAccount;
  readonly drive: {
    readonly email: string;
    readonly driveId: string;
    readonly json: string;
    /** Of the same account, with a key that is not its own. */
    readonly forged: string;
  };
  readonly dropboxToken: string;
  /** What was asked of them, and how it was answered. */
  readonly calls: readonly string[];
  /** Paths of all files that they hold. */
  files(): readonly string[];
  stop(): Promise<void>;
}

/**
 * Starts them at the lab's own address; the device makes the image and puts it into the lab's registry. It gets a file too
 * that is so large that each of them must be given it in parts, if the service has that at all.
 */
export async function startStandIns(lab: Lab, device: LabDevice): Promise<StandIns> {
  const b2 = { keyId: `004${secret()}`, key: `K004${secret()}`, bucket: 'lab-backups' };
  const oneDrive = { clientId: secret(), refreshToken: `M.C5_BAY.-${secret()}` };
  const drive = newServiceAccount();
  const dropboxToken = `sl.${secret()}`;
  const standIns = [new B2(b2), new OneDrive(oneDrive), new GoogleDrive(drive), new Dropbox(dropboxToken)];
  const door = await openDoor(lab.gateway.host, standIns);
  await device.putFiles('more', { noise: randomBytes(36 * 2 ** 20) });
  return {
    image: await imageThatFinds(door, lab, device),
    b2,
    oneDrive,
    drive,
    dropboxToken,
    calls: door.calls,
    files: () => standIns.flatMap((standIn: StandIn) => standIn.files()),
    stop: () => door.stop(),
  };
}

function secret(): string {
  return randomBytes(16).toString('hex');
}

function newServiceAccount(): StandIns['drive'] & { readonly publicKey: string } {
  const [own, other] = [newKeys(), newKeys()];
  const email = 'keeper@lab.iam.gserviceaccount.com';
  /** As Google gives it out, once. */
  const file = (key: string): string =>
    JSON.stringify({
      type: 'service_account',
      project_id: 'lab',
      private_key_id: secret(),
      private_key: key,
      client_email: email,
      client_id: '100000000000000000000',
      auth_uri: 'https://accounts.google.com/o/oauth2/auth',
      token_uri: 'https://oauth2.googleapis.com/token',
    });
  const files = { json: file(own.privateKey), forged: file(other.privateKey) };
  return { publicKey: own.publicKey, email, driveId: `0A${secret()}`, ...files };
}

function newKeys(): Readonly<Record<'publicKey' | 'privateKey', string>> {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

/** The full image as a device behind a proxy with an authority of its own would have it; nothing else is changed. */
async function imageThatFinds(door: Door, lab: Lab, device: LabDevice): Promise<string> {
  const { registry, duplicityImage } = lab.server;
  const image = `${registry}/standins:lab`;
  const authority = Buffer.from(door.authority).toString('base64');
  const file = '/usr/local/share/ca-certificates/stand-ins.crt';
  const recipe = [
    `FROM ${duplicityImage}`,
    `RUN echo ${authority} | base64 -d >${file} && update-ca-certificates`,
    `ENV https_proxy=${door.proxy}`,
  ];
  await device.docker(['build', '--tag', image, '-'], { input: recipe.join('\n') });
  await device.docker(['push', '--quiet', image]);
  return image;
}
