/** Where the image that runs on devices is published, without registry: the engine's own default. */
const REPOSITORY = 'balena-backup/duplicity';

/** The image that belongs to a version of this program: the small one, or the one for every backend that Debian carries. */
export function imageOf(version: string, variant: 'small' | 'full'): string {
  return `${REPOSITORY}:${version}${variant === 'small' ? '' : '-full'}`;
}

/** An image's name, taken apart. */
export interface ImageName {
  /** `host[:port]`, or null: the engine's own default. */
  readonly registry: string | null;
  readonly repository: string;
  /** Its tag, or its digest where it has one. */
  readonly reference: string;
}

const HOST = String.raw`[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?`;
const PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const NAME = new RegExp(
  String.raw`^(?:(${HOST})/)?(${PART}(?:/${PART})*)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`,
);

/** Null when it is no name of an image. As the engine reads it: what comes first is a host if it has a dot or a port, or is `localhost`. */
export function parseImageName(text: string): ImageName | null {
  const [, first = null, rest, tag = 'latest', digest] = text.length > 255 ? [] : (NAME.exec(text) ?? []);
  if (rest === undefined) return null;
  const reference = digest ?? tag;
  if (first === null || /[.:]|^localhost$/.test(first)) return { registry: first, repository: rest, reference };
  const repository = `${first}/${rest}`;
  return first === first.toLowerCase() ? { registry: null, repository, reference } : null;
}

/** Whether the text is an image reference that may stand in a command line. */
export function isImageName(text: string): boolean {
  return parseImageName(text) !== null;
}
