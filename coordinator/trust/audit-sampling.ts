/**
 * Draws which volunteers are audited in a step, from a secret, so that no worker can know when to lie; by step and
 * not by node, so that all of a volunteer's nodes of a step are audited, or none: where one is found wrong, no
 * other of the same step has counted unseen.
 *
 * The rate is that of adaptive replication (Anderson, "BOINC: a platform for volunteer computing", 2019): all of
 * a newcomer's work, then the less the longer it has been right, and never less than a floor.
 */
import { createHmac } from 'node:crypto';

/** So many audits must a newcomer pass before it is believed anything unseen. */
export const NEWCOMER_NODES = 10;

/** The probability of an audit after `streak` passed ones in a row. */
export const auditProbability = (streak: number, floor: number): number =>
  streak < NEWCOMER_NODES ? 1 : Math.max(floor, 1 / streak);

/**
 * The draws of one step. Each identity has one number, drawn once: it depends on neither its streak nor its nodes. What
 * it is held against is the streak as it is when a contribution is judged, which an audit in hand may still change.
 * Whoever is audited once in a step is audited to its end: a pass that lengthens the streak must not let a later node
 * count unseen beside one that is still being computed again.
 */
export class StepDraws {
  private readonly draws = new Map<string, number>();
  private readonly audited = new Set<string>();

  /** @param floor `--audit-rate`; 0: no audits */
  constructor(
    private readonly secret: Uint8Array,
    private readonly step: number,
    private readonly floor: number,
    private readonly streakOf: (identity: string) => number,
  ) {}

  /** Whether all that `identity` contributes from now on is to be recomputed. */
  isAudited(identity: string): boolean {
    if (this.floor === 0) return false;
    if (this.audited.has(identity)) return true;
    const isDrawn = this.drawOf(identity) < auditProbability(this.streakOf(identity), this.floor);
    if (isDrawn) this.audited.add(identity);
    return isDrawn;
  }

  /** From 0 to 1. */
  private drawOf(identity: string): number {
    let draw = this.draws.get(identity);
    if (draw === undefined) {
      const digest = createHmac('sha256', this.secret).update(`${this.step} ${identity}`).digest();
      draw = digest.readUInt32LE(0) / 2 ** 32;
      this.draws.set(identity, draw);
    }
    return draw;
  }
}
