import { describeWorlds } from './world/describeworlds';

describeWorlds(1);
