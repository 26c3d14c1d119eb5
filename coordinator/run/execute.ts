import type { ShardCounters } from '../../shared/status/status.js';
import type { ContributionTimes } from '../scheduling/contribution-times.js';
import type { Decider, Effect, StepEvent } from '../step/events.js';
import { aggregate } from '../update/robust/aggregate.js';
import type { WorkerSum } from '../update/robust/rule.js';
import type { Phase, WorkerEvent } from '../workers/phase/phase.js';
import type { Core } from './core.js';

/** The numbers have left the range of float32: the run cannot go on. */
export class DivergedError extends Error {}

/** What effects are done to. */
export interface Surroundings {
  core: Core;
  counters: ShardCounters;
  /** Is told of each contribution that has been taken. */
  record?: { contribution(times: ContributionTimes): void };
  /** Observes each event and its effects, for tests and traces. */
  trace?: ((event: StepEvent, effects: readonly Effect[]) => void) | undefined;
}

export class Execution<Outcome> implements Phase {
  private readonly events: StepEvent[] = [];
  private effects: Effect<Outcome>[] = [];
  /** Of those, the first that has not been begun: a step over thousands of workers has as many effects at once. */
  private next = 0;
  private isBusy = false;
  private hasFailed = false;
  private resolve!: (outcome: Outcome) => void;
  private reject!: (error: unknown) => void;
  private readonly outcome = new Promise<Outcome>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor(
    private readonly step: Decider<Outcome>,
    private readonly around: Surroundings,
  ) {}

  /** Runs the step to its end, or until `stop` is aborted. @throws DivergedError; or what the step makes of a stop */
  async run(stop: AbortSignal): Promise<Outcome> {
    const { swarm, pipeline } = this.around.core;
    const abort = () => this.handle({ type: 'aborted', reason: stop.reason });
    stop.addEventListener('abort', abort);
    swarm.begin(this);
    try {
      this.handle({ type: 'begin', front: pipeline.front, window: pipeline.window });
      return await this.outcome;
    } finally {
      this.handle({ type: 'ended' });
      swarm.end();
      stop.removeEventListener('abort', abort);
    }
  }

  hear(event: WorkerEvent): void {
    // Nothing is built on what may be wrong.
    if (this.hasFailed) return;
    if (event.type === 'recover' && this.around.core.pipeline.isBroken)
      throw new Error('a step broke off while its gradient was added up');
    this.handle(event);
  }

  fail(error: unknown): void {
    this.hasFailed = true;
    this.reject(error);
  }

  private handle(event: StepEvent): void {
    this.events.push(event);
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      // What a defect has left over is done first.
      this.carryOut();
      for (let next = this.events.shift(); next; next = this.events.shift()) {
        const effects = this.step.handle(next, this.around.core.awake.now());
        this.around.trace?.(next, effects);
        this.effects = effects;
        this.carryOut();
      }
    } finally {
      this.isBusy = false;
    }
  }

  private carryOut(): void {
    while (this.next < this.effects.length) this.execute(this.effects[this.next++]!);
    this.effects = [];
    this.next = 0;
  }

  private execute(effect: Effect<Outcome>): void {
    const { counters, record } = this.around;
    const { swarm, pipeline, trust } = this.around.core;
    switch (effect.do) {
      case 'send':
        return swarm.send(effect.worker, effect.message);
      case 'sendAveraged':
        return swarm.sendAveraged(effect.worker);
      case 'refuse':
        return swarm.disconnections.refuse(effect.worker, effect.reason, effect.text);
      case 'ban':
        trust.ban(effect.ban);
        return swarm.disconnections.refuseBanned(effect.ban.identity, effect.ban.why);
      case 'add':
        return this.added(pipeline.add(effect.node, effect.chunk, effect.body, effect.counts));
      case 'aggregate':
        this.addMean(effect.sums);
        return this.added(true);
      case 'audit':
        return this.audit(effect);
      case 'credit':
        return swarm.credit(effect.worker, effect.samples);
      case 'computed':
        return swarm.disconnections.computed();
      case 'unseen':
        return trust.countUnseen();
      case 'count':
        counters[effect.counter] += effect.shards;
        return;
      case 'record':
        return record?.contribution(effect.times);
      case 'tell':
        return swarm.tell(effect.event);
      case 'done':
        return this.resolve(effect.outcome);
      case 'diverged':
        return this.reject(new DivergedError(effect.why));
      case 'fail':
        return this.reject(effect.error);
      default:
        effect satisfies never;
    }
  }

  /** An answer goes before waiting events. */
  private added(hasNumbers: boolean): void {
    const { front, window } = this.around.core.pipeline;
    this.events.unshift({ type: 'added', isFinite: hasNumbers, front, window });
  }

  private addMean(sums: readonly WorkerSum[]): void {
    const { pipeline, robust, layout } = this.around.core;
    pipeline.addMean(() => aggregate(sums, robust!, layout));
  }

  private audit({ audit, lease, engine, isOpinion }: Extract<Effect, { do: 'audit' }>): void {
    // What the worker had, which is audited.
    const { held } = this.around.core.pipeline;
    this.around.core.trust
      .ownEngine!.compute(lease, { version: held.version, flat: () => held.flat() }, engine)
      .catch((error) => {
        if (!isOpinion) throw error;
        return undefined;
      })
      .then((recomputed) => this.handle({ type: 'audited', audit, recomputed }))
      .catch((error) => this.fail(error));
  }
}
