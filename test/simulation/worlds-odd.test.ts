import { describeWorlds } from './world/describeworlds';

describeWorlds('odd');
