import { isBackendCredential } from './credentials';
import { Secret } from './secret';
import type { PolicyDefaults } from './settings';
import { isForbiddenInUrl } from './variables';

const LOOKS_SECRET = /PASS|SECRET|TOKEN|KEY|CREDENTIAL|CONNECTION|AUTH/;

/** Values beside our own secrets that no line may show: backends' credentials, and what by its name may be one in a URL. */
export function hiddenOf(defaults: PolicyDefaults, environment: ReadonlyMap<string, string>): readonly Secret[] {
  const named = [...environment].filter(([name]) => isCredentialName(name)).map(([, value]) => value);
  const inUrl = /:\/\/[^/@\s]*:([^/@\s]+)@/.exec(defaults.url.text)?.[1] ?? '';
  return [...new Set([...named, inUrl])].filter((value) => value !== '').map((value) => new Secret(value));
}

function isCredentialName(name: string): boolean {
  if (name.endsWith('_FILE') || !LOOKS_SECRET.test(name)) return false;
  return isBackendCredential(name) || !isForbiddenInUrl(name);
}
