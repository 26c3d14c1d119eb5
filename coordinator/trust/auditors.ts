/** Who recomputes a volunteer's node. A pure choice. */
import type { Contributor, Worker } from '../participants.js';
import type { Member } from '../work/members.js';

/** Its bits are the same on every machine: the coordinator's own engine is as good as anybody's. */
const UNIVERSAL = 'compiled/wasm';

/**
 * A trusted worker of the volunteer's own engine class, whose bits must be equal; for the universal class the
 * coordinator itself; then any trusted worker; then the coordinator. Among workers the least busy.
 */
export function pickAuditor(
  { engine, engineClass }: Pick<Member, 'engine' | 'engineClass'>,
  trusted: readonly Worker[],
  own: Contributor | undefined,
  secondsLeft: (worker: Worker) => number,
): Contributor | undefined {
  const leastBusy = (workers: readonly Worker[]) =>
    [...workers].sort((a, b) => secondsLeft(a) - secondsLeft(b) || a.member.id - b.member.id)[0];
  const alike = trusted.filter(({ member }) => member.engineClass === engineClass);
  if (alike.length > 0) return leastBusy(alike);
  if (own && engine === UNIVERSAL) return own;
  return leastBusy(trusted) ?? own;
}
