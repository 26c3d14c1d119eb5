// `npm run chaos`: the chaos tests with many more kills than fit into a check. Figures are printed at the end.
import { vitest } from '../test/support/setup/vitest.mjs';

const { CHAOS_WORKER_KILLS = '1000', CHAOS_COORDINATOR_KILLS = '200' } = process.env;
vitest(['test/simulation/chaos', 'test/cluster/chaos.test.ts'], {
  CHAOS_WORKER_KILLS,
  CHAOS_COORDINATOR_KILLS,
});
