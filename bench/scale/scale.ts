/**
 * What do many workers cost the coordinator beside arithmetic? 1,000 and 10,000 members on simulated time, of which the
 * ratios tell whether it grows with the square; and a thousand workers on real sockets, of which a tenth dies at once.
 */
import type { Bench, BenchResult } from '../support/question.js';
import { type ControlWork, controlWork } from './simulated.js';
import { measureSockets, type SocketsReport } from './sockets.js';

const FEW = 1000;
const MANY = 10_000;
const STEPS = 20;
const SOCKETS = { members: 1000, processes: 10, steps: 10, kills: 3 };
const SOCKETS_QUICKLY = { members: 200, processes: 4, steps: 3, kills: 1 };

export const scale: Bench = {
  question:
    'what do many workers cost the coordinator beside arithmetic? (goals for 10,000 simulated: 50 ms a step, 20 us a message, ten times what 1,000 cost; for 1,000 on sockets: none refused, 600 MB, control work 20 % of a core, a tenth that dies replaced within 1,000 ms)',
  async run({ quick, log }) {
    const simulated = await measureSimulated(quick ? 3 : STEPS, log);
    const sockets = { ...(quick ? SOCKETS_QUICKLY : SOCKETS), log };
    const whole = await measureSockets({ ...sockets, model: 'full' });
    const control = await measureSockets({ ...sockets, model: 'tiny', kills: 0 });
    return [...simulated, resultOf(sockets, whole, control)];
  },
};

async function measureSimulated(steps: number, log: (line: string) => void): Promise<BenchResult[]> {
  // In turns: code that has just been compiled must not be one size's alone.
  await controlWork(FEW, steps);
  const few = await controlWork(FEW, steps);
  const many = await controlWork(MANY, steps);
  for (const { members, stepMs, messageUs } of [few, many])
    log(`  ${members} members: ${stepMs.toFixed(1)} ms a step, ${messageUs.toFixed(1)} us a message`);
  const growth = (of: keyof ControlWork) => many[of] / few[of] / (MANY / FEW);
  return [few, many]
    .map((work): BenchResult => ({ name: `${work.members} simulated members`, ...work }))
    .concat({
      name: 'times what linear growth would be',
      step: growth('stepMs'),
      message: many.messageUs / few.messageUs,
      aLease: (many.stepMs / many.leases) * (few.leases / few.stepMs),
    });
}

function resultOf(
  { members }: { members: number },
  whole: SocketsReport,
  control: SocketsReport,
): BenchResult {
  const worst = (of: 'replacedMs' | 'stepMs') => Math.max(...whole.losses.map((loss) => loss[of]));
  const sum = (of: 'leases' | 'shards' | 'arrived') => whole.losses.reduce((all, loss) => all + loss[of], 0);
  return {
    name: `${members} workers on sockets, 0.1M parameters`,
    refused: whole.refused + control.refused,
    stepMs: whole.stepMs,
    cpuMs: whole.cpuMs,
    cpuPercentOfCore: (100 * whole.cpuMs) / whole.stepMs,
    controlMs: control.cpuMs,
    // At the pace of the whole model, though steps of the small one are shorter.
    controlPercentOfCore: (100 * control.cpuMs) / whole.stepMs,
    rssMb: whole.rssMb,
    peakMb: whole.peakMb,
    leasesLost: sum('leases'),
    shardsLost: sum('shards'),
    // On their way when their worker died: nobody had to compute them again.
    shardsArrived: sum('arrived'),
    replacedMs: worst('replacedMs'),
    stepWithLossMs: worst('stepMs'),
  };
}
