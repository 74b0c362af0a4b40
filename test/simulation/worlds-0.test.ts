import { describeWorlds } from './world/describeworlds';

describeWorlds(0);
