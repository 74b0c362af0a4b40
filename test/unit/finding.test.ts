import { badBy } from '../../src/model/finding';

describe('a failure as what doctor finds', () => {
  it('has its last sentence for what to do', () => {
    expect(badBy({ kind: 'auth-rejected', who: 'api', detail: 'status 401. No more.' })).toEqual({
      state: 'bad',
      why: 'CLI_API_KEY was refused: status 401. No more',
      fix: 'Set it to a user API key that is valid and may see the fleets',
    });
  });

  it('says where to look where it has only one', () => {
    expect(badBy({ kind: 'cancelled', by: 'person' })).toEqual({
      state: 'bad',
      why: 'The run was cancelled by a person',
      fix: 'See the log of the controller.',
    });
  });
});
