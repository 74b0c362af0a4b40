import { defineMoments } from '../support/chaosmoments';
import { MISHAPS } from '../support/mishaps';

defineMoments(MISHAPS.device);
