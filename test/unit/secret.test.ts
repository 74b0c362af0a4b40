import { inspect } from 'node:util';
import { Secret } from '../../src/model/secret';

describe('a secret', () => {
  const secret = new Secret('sesame');

  it.each([
    { name: 'a text', shown: `${String(secret)} ${[secret].join('')}` },
    { name: 'JSON', shown: JSON.stringify({ secret }) },
    { name: 'what is inspected', shown: inspect({ secret, list: [secret] }, { depth: 9, showHidden: true }) },
    { name: 'an error', shown: String(new Error(`no: ${String(secret)}`)) },
  ])('shows nothing of itself in $name', ({ shown }) => {
    expect(shown).toContain('[secret]');
    expect(shown).not.toContain('sesame');
  });

  it('is given where it is asked for', () => {
    expect(secret.reveal()).toBe('sesame');
  });
});
