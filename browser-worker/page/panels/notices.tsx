/** What must not be missed: a lost connection, how the run ended, what is wrong, what was refused. */
import type { ComponentChild } from 'preact';
import type { StatusView } from '../../../shared/status/monitoring.js';
import { isOver } from '../../../shared/status/status.js';

interface NoticesProps {
  connection: string;
  status: StatusView;
  /** Why what an admin asked for was not done; empty: it was. */
  refused: string;
  /** What may be done with a run that is over. */
  goOn: ComponentChild;
}

export function Notices({ connection, status, refused, goOn }: NoticesProps) {
  const { state, message, trouble } = status;
  return (
    <div class="notices" role="status">
      {connection === 'lost' && (
        <p class="notice bad" data-testid="disconnected">
          Disconnected from the coordinator{isOver(state) ? ', whose run is over' : ''}: what you see is from
          before. Trying again…
        </p>
      )}
      {(state === 'failed' || state === 'saving') && (
        <div class="notice bad">
          {message} {state === 'failed' && goOn}
        </div>
      )}
      {state === 'stopped' && (
        <div class="notice">
          {message} {goOn}
        </div>
      )}
      {!isOver(state) && trouble && <p class="notice bad">{trouble}</p>}
      {state === 'finished' && goOn}
      {refused && <p class="notice bad">Refused: {refused}</p>}
    </div>
  );
}
