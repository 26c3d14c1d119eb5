/** What an admin may do with a run that is over, where it is still served: resume it, or take it back to its best. */
import { useEffect, useState } from 'preact/hooks';
import type { ContinuationView } from '../../../shared/status/monitoring.js';
import type { Admin } from '../data/admin.js';
import { count, significant } from '../data/format.js';
import { usePolled } from '../data/polled.js';

interface GoOnProps {
  run: string;
  /** Changes with what may be done. */
  state: string;
  admin: Admin;
}

const LOOK_MS = 1000;
const MOST_LOOKS = 20;
/** A run that has diverged does so again with the rate that it had. */
const LOWER = 0.5;

export function GoOn({ run, state, admin: { asked, ask } }: GoOnProps) {
  const [isSure, setSure] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const [looks, setLooks] = useState(0);
  const possible = usePolled<ContinuationView | null>(
    { path: '/api/continuation', run },
    state,
    looks,
    LOOK_MS,
  );
  // The program offers it a moment after the end.
  useEffect(() => {
    if (possible || looks >= MOST_LOOKS) return undefined;
    const timer = setTimeout(() => setLooks(looks + 1), LOOK_MS);
    return () => clearTimeout(timer);
  }, [possible, looks]);
  if (!possible || (possible.last === null && possible.best === null)) return null;
  const { last, best, learningRate } = possible;
  const lower = Number((LOWER * learningRate).toPrecision(3));
  const goOn = (how: object) => {
    setAsked(true);
    ask('go-on', how);
  };
  const isBusy = isAsked || asked === 'go-on';
  return (
    <span class="row" data-testid="go-on">
      {last !== null && (
        <button type="button" class="primary" disabled={isBusy} onClick={() => goOn({ from: 'last' })}>
          Resume from step {count(last)}
        </button>
      )}
      {best !== null && !isSure && (
        <button type="button" disabled={isBusy} onClick={() => setSure(true)}>
          Roll back to the best, step {count(best)}…
        </button>
      )}
      {best !== null && isSure && (
        <>
          <button type="button" disabled={isBusy} onClick={() => goOn({ from: 'best', learningRate: lower })}>
            Train on from step {count(best)} at learning rate {significant(lower)}
          </button>
          <button type="button" disabled={isBusy} onClick={() => setSure(false)}>
            Leave it
          </button>
          <span class="soft">Later checkpoints are set aside, not deleted.</span>
        </>
      )}
    </span>
  );
}
