/** Where the image that runs on devices is published, without registry: the engine's own default. */
const REPOSITORY = 'balena-backup/duplicity';

/** The image that belongs to a version of this program. */
export function imageOf(version: string): string {
  return `${REPOSITORY}:${version}`;
}

/** Whether the text is an image reference that may stand in a command line. */
export function isImageName(text: string): boolean {
  return (
    text.length <= 255 && /^[a-z0-9][A-Za-z0-9._:/-]*(?:@sha256:[0-9a-f]{64})?$/.test(text) && !text.includes('..')
  );
}
