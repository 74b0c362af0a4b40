/** Where the image that runs on devices is published, without registry: the engine's own default. */
const REPOSITORY = 'balena-backup/duplicity';

/** The image that belongs to a version of this program: the small one, or the one for every backend that Debian carries. */
export function imageOf(version: string, variant: 'small' | 'full'): string {
  return `${REPOSITORY}:${version}${variant === 'small' ? '' : '-full'}`;
}

/** Whether the text is an image reference that may stand in a command line. */
export function isImageName(text: string): boolean {
  return (
    text.length <= 255 && /^[a-z0-9][A-Za-z0-9._:/-]*(?:@sha256:[0-9a-f]{64})?$/.test(text) && !text.includes('..')
  );
}

/** An image's name, taken apart. */
export interface ImageName {
  /** `host[:port]`, or null: the engine's own default. */
  readonly registry: string | null;
  readonly repository: string;
  /** Its tag, or its digest where it has one. */
  readonly reference: string;
}

/** Null when it is no name of an image. As the engine reads it: what comes first is a host if it has a dot or a port, or is `localhost`. */
export function parseImageName(text: string): ImageName | null {
  if (!isImageName(text)) return null;
  const [, registry = null, repository = '', tag = 'latest', digest] =
    /^(?:([^/]*[.:][^/]*|localhost)\/)?([^:@]+)(?::([^:@/]+))?(?:@(.+))?$/.exec(text) ?? [];
  return repository === '' ? null : { registry, repository, reference: digest ?? tag };
}
