import { describeWorlds } from './world/describeworlds';

describeWorlds(3);
