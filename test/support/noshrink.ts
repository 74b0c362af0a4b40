import fc from 'fast-check';

// A mutant is found by a failure; the smallest input that shows it would cost more than all else.
fc.configureGlobal({ endOnFailure: true });
