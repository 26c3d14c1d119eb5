/**
 * Which volunteers are audited in a step. Drawn from a secret, so that nobody can know when to lie; by step and
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

/** @param floor `--audit-rate`; 0: nobody is audited */
export function isDrawn(
  secret: Uint8Array,
  identity: string,
  step: number,
  streak: number,
  floor: number,
): boolean {
  if (floor === 0) return false;
  const digest = createHmac('sha256', secret).update(`${step} ${identity}`).digest();
  return digest.readUInt32LE(0) / 2 ** 32 < auditProbability(streak, floor);
}
