import { parentPort } from 'node:worker_threads';
import type { LifeOrder } from './lives';
import { simulate } from './simulate';

parentPort?.on('message', (order: LifeOrder) => {
  void simulate(order).then((simulated) => parentPort?.postMessage(simulated));
});
