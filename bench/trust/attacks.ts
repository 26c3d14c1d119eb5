/**
 * What do liars among the workers cost? An mlp on MNIST, trained by ten workers of whom two attack, and by nine of
 * whom four do: test accuracy without a defense, with centered clipping, and with audits (`--audit-rate 0.05`, all
 * volunteers, recomputed by the coordinator), as by default and with `--engine-class any`. A backdoor is measured by
 * the share of test pictures of other digits that its trigger turns; nine of ten try, on a linear model.
 * Real sessions and a real core over a network in memory, one engine for all. Attackers that are sent away stay away.
 */

import {
  type AttackResult,
  attackRun,
  attackSubject,
  type Defense,
  type Subject,
} from '../../test/support/byzantine/attack-run.js';
import {
  ALIE,
  type Attack,
  BACKDOOR,
  DOUBTFUL,
  INFLATED_COUNT,
  INNER_PRODUCT,
  LABEL_FLIP,
  later,
  MINUS_1000,
  NOT_A_NUMBER,
  SIGN_FLIP,
  STALE,
  TRIGGER,
} from '../../test/support/byzantine/attacks.js';
import { sharedData } from '../../test/support/files/shared-data.js';
import type { Bench, BenchResult } from '../support/question.js';

/** Samples of a worker in a step. */
const SAMPLES = 32;
const WORKERS = 10;
const MODEL = 'mlp:64';
/** Updates: about three epochs. */
const STEPS = 560;
const QUICK_STEPS = 120;
const LEARNING_RATE = 0.02;
const DEFENSES: Defense[] = ['none', 'clip', 'audits', 'anyClass'];
/** Points that the accuracy may lie below that of the honest run. */
const GOALS: Partial<Record<Defense, number>> = { clip: 2, audits: 0.5, anyClass: 0.5 };

interface Case {
  attack: Attack | undefined;
  workers: number;
  attackers: number;
  model?: string;
  auditRate?: number;
}

const CASES: Case[] = [
  { attack: undefined, workers: WORKERS, attackers: 0 },
  ...[SIGN_FLIP, MINUS_1000, LABEL_FLIP, NOT_A_NUMBER, INFLATED_COUNT, STALE, ALIE, INNER_PRODUCT].map(
    (attack) => ({ attack, workers: WORKERS, attackers: 2 }),
  ),
  { attack: later(SIGN_FLIP, 60), workers: WORKERS, attackers: 2 },
  { attack: INNER_PRODUCT, workers: 9, attackers: 4 },
  { attack: DOUBTFUL, workers: WORKERS, attackers: 2 },
  { attack: undefined, workers: WORKERS, attackers: 0, model: 'linear' },
  { attack: BACKDOOR, workers: WORKERS, attackers: 9, model: 'linear' },
  { attack: BACKDOOR, workers: WORKERS, attackers: 9, model: 'linear', auditRate: 1 },
];

export const attacks: Bench = {
  question:
    'what do liars among the workers cost, in points of test accuracy on MNIST? (goals: 2 with clip, 0.5 with audits)',
  async run({ quick, log }) {
    const { path, absent } = sharedData('mnist');
    if (absent) return [];
    const data = `idx:${path}`;
    const subjects = new Map<string, Subject>();
    for (const model of [MODEL, 'linear'])
      subjects.set(
        model,
        await attackSubject({ data, model, batchSize: SAMPLES * WORKERS, workers: WORKERS }),
      );
    const results: BenchResult[] = [];
    let honest = 0;
    for (const { attack, workers, attackers, model = MODEL, auditRate } of CASES) {
      const figures: Record<string, number | boolean> = {};
      const at = { ...subjects.get(model)!, batchSize: SAMPLES * workers };
      for (const defense of DEFENSES) {
        const result = await attackRun({
          subject: at,
          workers,
          attackers,
          defense,
          ...(attack ? { attack } : {}),
          steps: quick ? QUICK_STEPS : STEPS,
          learningRate: LEARNING_RATE,
          ...(auditRate === undefined ? {} : { auditRate }),
          ...(model === 'linear' ? { trigger: TRIGGER } : {}),
        });
        if (!attack && defense === 'none') honest = result.accuracy;
        Object.assign(figures, figuresOf(defense, result, honest));
      }
      const who = attack ? `${attack.name}, ${attackers} of ${workers}` : `honest, ${workers} workers`;
      const name = `${who}${model === MODEL ? '' : `, ${model}`}${auditRate ? `, audit rate ${auditRate}` : ''}`;
      log(`  ${name}: ${DEFENSES.map((defense) => `${defense} ${figures[`${defense}Percent`]}`).join(', ')}`);
      results.push({ name, ...figures });
    }
    for (const { engine } of subjects.values()) engine.dispose();
    return results;
  },
};

function figuresOf(
  defense: Defense,
  { accuracy, hasDiverged, sentAway, triggered }: AttackResult,
  honest: number,
) {
  const goal = GOALS[defense];
  return {
    [`${defense}Percent`]: Number((100 * accuracy).toFixed(2)),
    ...(triggered === undefined
      ? {}
      : { [`${defense}TriggeredPercent`]: Number((100 * triggered).toFixed(2)) }),
    ...(hasDiverged ? { [`${defense}Diverged`]: true } : {}),
    ...(sentAway > 0 ? { [`${defense}SentAway`]: sentAway } : {}),
    ...(goal === undefined ? {} : { [`${defense}WithinGoal`]: 100 * (honest - accuracy) <= goal }),
  };
}
