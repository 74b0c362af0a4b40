import { describeWorlds } from './world/describeworlds';

describeWorlds('even');
