/**
 * What do liars among the workers cost? An mlp on MNIST, trained by ten workers of whom two attack, and by nine of
 * whom four do: test accuracy without a defence, with centered clipping, and with audits (`--audit-rate 0.05`, all
 * volunteers, recomputed by the coordinator). Real sessions and a real core over a network in memory, one engine
 * for all. Attackers that are sent away stay away.
 */
import { type AttackResult, attackRun, attackSubject, type Defence } from '../test/support/attack-run.js';
import {
  ALIE,
  type Attack,
  INFLATED_COUNT,
  INNER_PRODUCT,
  LABEL_FLIP,
  later,
  MINUS_1000,
  NOT_A_NUMBER,
  SIGN_FLIP,
  STALE,
} from '../test/support/attacks.js';
import { sharedData } from '../test/support/shared-data.js';
import type { Bench, BenchResult } from './question.js';

/** Samples of a worker in a step. */
const SAMPLES = 32;
const WORKERS = 10;
/** Updates: about three epochs. */
const STEPS = 560;
const QUICK_STEPS = 120;
const LEARNING_RATE = 0.02;
const DEFENCES: Defence[] = ['none', 'clip', 'audits'];
/** Points that the accuracy may lie below that of the honest run. */
const GOALS: Partial<Record<Defence, number>> = { clip: 2, audits: 0.5 };

interface Case {
  attack: Attack | undefined;
  workers: number;
  attackers: number;
}

const CASES: Case[] = [
  { attack: undefined, workers: WORKERS, attackers: 0 },
  ...[SIGN_FLIP, MINUS_1000, LABEL_FLIP, NOT_A_NUMBER, INFLATED_COUNT, STALE, ALIE, INNER_PRODUCT].map(
    (attack) => ({ attack, workers: WORKERS, attackers: 2 }),
  ),
  { attack: later(SIGN_FLIP, 60), workers: WORKERS, attackers: 2 },
  { attack: INNER_PRODUCT, workers: 9, attackers: 4 },
];

export const attacks: Bench = {
  question:
    'what do liars among the workers cost, in points of test accuracy on MNIST? (goals: 2 with clip, 0.5 with audits)',
  async run({ quick, log }) {
    const { path, absent } = sharedData('mnist');
    if (absent) return [];
    const data = `idx:${path}`;
    const subject = await attackSubject({
      data,
      model: 'mlp:64',
      batchSize: SAMPLES * WORKERS,
      workers: WORKERS,
    });
    const results: BenchResult[] = [];
    let honest = 0;
    for (const { attack, workers, attackers } of CASES) {
      const figures: Record<string, number | boolean> = {};
      const at = { ...subject, batchSize: SAMPLES * workers };
      for (const defence of DEFENCES) {
        const result = await attackRun({
          subject: at,
          workers,
          attackers,
          defence,
          ...(attack ? { attack } : {}),
          steps: quick ? QUICK_STEPS : STEPS,
          learningRate: LEARNING_RATE,
        });
        if (!attack && defence === 'none') honest = result.accuracy;
        Object.assign(figures, figuresOf(defence, result, honest));
      }
      const name = attack ? `${attack.name}, ${attackers} of ${workers}` : `honest, ${workers} workers`;
      log(`  ${name}: ${DEFENCES.map((defence) => `${defence} ${figures[`${defence}Percent`]}`).join(', ')}`);
      results.push({ name, ...figures });
    }
    subject.engine.dispose();
    return results;
  },
};

function figuresOf(defence: Defence, { accuracy, hasDiverged, sentAway }: AttackResult, honest: number) {
  const goal = GOALS[defence];
  return {
    [`${defence}Percent`]: Number((100 * accuracy).toFixed(2)),
    ...(hasDiverged ? { [`${defence}Diverged`]: true } : {}),
    ...(sentAway > 0 ? { [`${defence}SentAway`]: sentAway } : {}),
    ...(goal === undefined ? {} : { [`${defence}WithinGoal`]: 100 * (honest - accuracy) <= goal }),
  };
}
