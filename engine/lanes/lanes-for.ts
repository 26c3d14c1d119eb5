/** How many lanes there will be, of those that are wanted: as many as the engine and the memory allow. Pure. */
import { hasLanes } from '../../shared/engines/engines.js';

/** Memory that stays free for data, for gradients that wait to be sent, and for other programs. */
const SPARE_BYTES = 512 << 20;

interface Need {
  wanted: number;
  /** Bytes of another lane. */
  needed: number;
  /** Bytes that lanes beside the first may take, but for those that stay free. */
  available: number;
  /** What a lane is called. */
  unit?: string;
  /** Hears why there are fewer. */
  log(text: string): void;
}

export function lanesFor(engine: string, { wanted, needed, available, unit = 'lane', log }: Need): number {
  if (wanted > 1 && !hasLanes(engine)) {
    log(`1 ${unit} instead of ${wanted}: ${engine} serves the whole machine by itself`);
    return 1;
  }
  const room = 1 + Math.max(0, Math.floor((available - SPARE_BYTES) / Math.max(needed, 1)));
  if (room >= wanted) return wanted;
  const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const free = `of the ${mb(available)} of memory that it may use, ${mb(SPARE_BYTES)} stay free`;
  log(`${room} of ${wanted} ${unit}s: another one needs about ${mb(needed)}; ${free}`);
  return room;
}
