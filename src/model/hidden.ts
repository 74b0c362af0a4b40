import { FILE_VARIABLES, isBackendCredential } from './credentials';
import { urlPasswordsIn } from './urlpasswords';
import { isForbiddenInUrl } from './variables';

const LOOKS_SECRET = /PASS|SECRET|TOKEN|KEY|CREDENTIAL|CONNECTION|AUTH/;
const SHORTEST = 4;

/**
 * Values of the environment that no line may show: backends' credentials, what by its name may be one in a URL, and what
 * stands in the files that runs bring along.
 */
export function hiddenValues(url: string, environment: ReadonlyMap<string, string>): readonly string[] {
  const named = [...environment].filter(([name]) => isCredentialName(name)).map(([, value]) => value);
  const inFiles = [...FILE_VARIABLES.keys()].flatMap((name) => secretsIn(environment.get(name) ?? ''));
  const all = [...named, ...inFiles, ...urlPasswordsIn(url)];
  return [...new Set(all)].filter((value) => value !== '');
}

function isCredentialName(name: string): boolean {
  if (name.endsWith('_FILE') || !LOOKS_SECRET.test(name)) return false;
  return isBackendCredential(name) || !isForbiddenInUrl(name);
}

/** In JSON or `name = value` lines: what by its name is a secret, every `value` of a list of variables, keys line by line. */
function secretsIn(text: string): readonly string[] {
  const named = /"?([\w.-]*(?:pass|secret|token|key|auth)[\w.-]*|value)"?\s*[:=]\s*("(?:[^"\\]|\\.)*"|[^\s,"]+)/gi;
  const values = [...text.matchAll(named)].map(([, , value = '']) => value.replace(/^"|"$/g, ''));
  const lines = values.flatMap((value) => [value, ...value.split(/\\n|\n/)]);
  return [...lines, ...urlPasswordsIn(text)].filter((value) => value.length >= SHORTEST);
}
