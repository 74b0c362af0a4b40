import { type Call, fieldsOf, header } from './service';

/** Two parts: JSON about the file, and the file. */
export interface Multipart {
  readonly about: Readonly<Record<string, unknown>>;
  readonly type: string;
  readonly content: Buffer;
}

/** Null for a body that is not of that kind. */
export function multipartOf(call: Call): Multipart | null {
  const [, boundary = ''] = /^multipart\/related; *boundary="?([^"]+)"?$/.exec(header(call, 'content-type')) ?? [];
  const [, about, file] = call.body.toString('latin1').split(`--${boundary}`);
  const isWhole = boundary !== '' && call.body.toString('latin1').trimEnd().endsWith(`--${boundary}--`);
  if (!isWhole || about === undefined || file === undefined) return null;
  const { heads, content } = partOf(file);
  const type = /^content-type: *([^\r\n]+)/im.exec(heads)?.[1] ?? '';
  return { about: fieldsOf(partOf(about).content.toString('utf8')), type, content };
}

/** Heads, an empty line, the content; one character of this text is one byte. */
function partOf(text: string): { readonly heads: string; readonly content: Buffer } {
  const [, , heads = '', content = ''] = /^(\r?\n)(.*?)\1\1(.*)\1$/s.exec(text) ?? [];
  return { heads, content: Buffer.from(content, 'latin1') };
}
