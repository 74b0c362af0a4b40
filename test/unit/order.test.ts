import { compareTexts } from '../../src/model/order';

describe('the order of texts', () => {
  it('is that of their characters, whatever the language of the machine', () => {
    expect(['b', 'B', 'ä', 'a', '10', '9'].toSorted(compareTexts)).toEqual(['10', '9', 'B', 'a', 'b', 'ä']);
  });

  it('leaves equal ones as they are', () => {
    expect(compareTexts('a', 'a')).toBe(0);
  });
});
