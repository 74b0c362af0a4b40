import { describeWorlds } from './world/describeworlds';

describeWorlds(2);
