/**
 * What becomes of contributions that are buffered, in one step: they count, or are refused, or are recomputed
 * first (audits.ts). Nothing of them has counted before.
 */
import { type Node, overlaps } from '../../../shared/numerics/tree.js';
import type { Worker } from '../../scheduling/worker.js';
import type { StepDraws } from '../../trust/audit-sampling.js';
import type { Beliefs } from '../../trust/trust.js';
import type { Incoming } from '../in-flight.js';
import type { NonFinite } from '../non-finite.js';
import type { StepState } from '../state.js';
import type { Accepted } from './accepted.js';
import type { Audits } from './audits.js';

export class Vetting {
  /** Complete contributions that cannot be judged yet: there is nothing to compare with, or no worker to recompute. */
  private waiting: Incoming[] = [];
  /** Which workers were refused for the size of which nodes, in this step. */
  private readonly refused: { identity: string; node: Node }[] = [];
  private readonly draws: StepDraws;

  constructor(
    private readonly state: StepState,
    private readonly trust: Beliefs,
    private readonly accepted: Accepted,
    private readonly audits: Audits,
    private readonly nonFinite: NonFinite,
  ) {
    this.draws = trust.drawsOf(state.ledger.step);
  }

  /** The last chunk of a contribution has come. */
  arrived(incoming: Incoming): void {
    if (this.audits.answeredBy(incoming)) return;
    incoming.isWaiting = true;
    this.waiting.push(incoming);
  }

  /** Judges the first contribution that can be judged by now. @returns whether there was one */
  judgeNext(): boolean {
    const { ledger } = this.state;
    this.waiting = this.waiting.filter(({ lease }) => ledger.isOpen(lease));
    if (this.waiting.length === 0) return false;
    const isMeasurable = this.isMeasurable();
    return this.waiting.some((incoming) => {
      if (this.draws.isAudited(incoming.worker.identity)) return this.audit(incoming);
      return isMeasurable && this.judge(incoming);
    });
  }

  /** It sent NaN where another worker computed numbers. */
  convict(worker: Worker, text: string): void {
    if (worker.isVolunteer && this.trust.reputation.strike(worker.identity, 'notFinite'))
      this.state.ban(worker, `${text}, not for the first time`);
    else this.state.refuse(worker, 'notFinite', text);
  }

  /** Whether there is anything to measure a size by, or will be nothing more. */
  private isMeasurable(): boolean {
    const { trust } = this;
    return trust.isRobust || trust.norms.hasHistory || this.isCovered();
  }

  /** Whether every sample of the step has been counted, or has come: then there is no more to measure by. */
  private isCovered(): boolean {
    const { ledger } = this.state;
    const isHere = new Uint8Array(ledger.shards);
    for (const { node } of [...this.waiting, ...this.audits.open(), ...this.accepted.list])
      isHere.fill(1, ...ledger.range(node));
    return isHere.every((flag, shard) => flag === 1 || ledger.hasShard(shard, ledger.chunks - 1));
  }

  /** @returns whether it could be judged */
  private judge(incoming: Incoming): boolean {
    const { trust } = this;
    const { worker, node, message, buffered } = incoming;
    const isNumber = buffered!.isFinite && Number.isFinite(message.loss) && Number.isFinite(message.metric);
    const { size } = this.accepted.sized(incoming);
    const limit = trust.isRobust
      ? Number.POSITIVE_INFINITY
      : trust.norms.limitFor(size, () => [...this.accepted.list, ...this.sizesWaiting()]);
    if (trust.audits && !(isNumber && size <= limit)) return this.audit(incoming);
    this.leave(incoming);
    if (!isNumber) this.nonFinite.found(worker, node, 'a buffered contribution holds NaN or infinity');
    else if (size > limit && !this.isConfirmed(worker, node)) this.tooLarge(incoming, size / limit);
    else {
      this.state.effects.push({ do: 'unseen' });
      this.accepted.accept(incoming, incoming);
    }
    return true;
  }

  /** @returns whether there is somebody to recompute it */
  private audit(incoming: Incoming): boolean {
    const isAudited = this.audits.start(incoming);
    if (isAudited) this.leave(incoming);
    return isAudited;
  }

  private leave(incoming: Incoming): void {
    incoming.isWaiting = false;
    this.waiting = this.waiting.filter((other) => other !== incoming);
  }

  private sizesWaiting() {
    return this.waiting
      .filter(({ buffered }) => buffered!.isFinite)
      .map((incoming) => this.accepted.sized(incoming));
  }

  /** Whether what is too large is the data's doing: another identity has said the same, or there is none. */
  private isConfirmed({ identity }: Worker, node: Node): boolean {
    const isOther = (other: { identity: string }) => other.identity !== identity;
    const same = this.refused.find((other) => isOther(other) && overlaps(node, other.node));
    if (same) this.trust.reputation.clearStrike(same.identity);
    return same !== undefined || (this.refused.length > 0 && !this.state.active().some(isOther));
  }

  private tooLarge({ worker, node }: Incoming, times: number): void {
    const { state } = this;
    const { identity, name } = worker;
    this.refused.push({ identity, node });
    state.countNode('rejected', node);
    const why = `step ${state.ledger.step + 1}, node ${node}: ${times.toPrecision(2)} times as large as is allowed`;
    if (this.trust.reputation.strike(identity, 'overNorm'))
      state.ban(worker, `${why}, not for the first time`);
    else state.refuse(worker, 'overNorm', `${name}: ${why}`);
  }
}
