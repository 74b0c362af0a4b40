import * as fc from 'fast-check';
import { scrubberOf } from '../../src/log/scrub';
import { Secret } from '../../src/model/secret';

/** Of characters that do not occur in the placeholder, so that what is found in a scrubbed text was left there. */
const secret = fc
  .string({ unit: fc.constantFrom(...Array.from('xyzXYZ0189 /+=?&%"\\\'$.*~äß€😀')), minLength: 6, maxLength: 24 })
  .filter((text) => text.trim().length >= 6);
const around = fc.string({ unit: fc.constantFrom(...Array.from('ab 12,:/')), maxLength: 12 });

function scrub(secrets: readonly string[], text: string): string {
  return scrubberOf(secrets.map((value) => new Secret(value)))(text);
}

describe('laws of the scrubber', () => {
  it.each<{ form: string; encode: (text: string) => string }>([
    { form: 'as it is', encode: (text) => text },
    { form: 'percent-encoded', encode: encodeURIComponent },
    {
      form: 'percent-encoded in lower case',
      encode: (text) => encodeURIComponent(text).replace(/%../g, (hex) => hex.toLowerCase()),
    },
    { form: 'form-encoded', encode: (text) => new URLSearchParams([['', text]]).toString().slice(1) },
    { form: 'with the escapes of JSON', encode: (text) => JSON.stringify(text).slice(1, -1) },
  ])('a secret $form is never left, whatever stands around it', ({ encode }) => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        const shown = scrub([value], `${before}${encode(value)}${after}`);

        expect(shown).toContain('[secret]');
        expect(shown).not.toContain(encode(value));
      }),
    );
  });

  it('a secret in base64 of a longer text is never left', () => {
    fc.assert(
      fc.property(
        secret,
        around,
        around,
        fc.constantFrom('base64' as const, 'base64url' as const),
        (value, a, b, form) => {
          const encoded = Buffer.from(`${a}${value}${b}`).toString(form);
          const shown = scrub([value], encoded);

          expect(shown).toContain('[secret]');
          expect(Buffer.from(shown.replace('[secret]', ''), 'base64').includes(value)).toBe(false);
        },
      ),
    );
  });

  it('of several secrets side by side or in one another nothing is left', () => {
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), around, (values, between) => {
        const shown = scrub(values, values.join(between));

        for (const value of values) expect(shown).not.toContain(value);
      }),
    );
  });

  it('a text without secrets stays as it is', () => {
    fc.assert(
      fc.property(
        fc.array(secret, { maxLength: 3 }),
        fc.string({ unit: fc.constantFrom(...Array.from('abc -\n')) }),
        (values, text) => {
          expect(scrub(values, text)).toBe(text);
        },
      ),
    );
  });
});
