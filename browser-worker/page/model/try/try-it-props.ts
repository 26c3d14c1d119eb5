import type { ModelView } from '../../../../shared/status/monitoring.js';

export interface TryItProps {
  run: string;
  model: ModelView;
  /** Updates made: newer weights are fetched when they are wanted. */
  step: number;
}
