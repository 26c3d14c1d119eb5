/** How many cores of a device a tab may use, and how many it uses until its owner chooses. Pure. */
export interface Device {
  /** Threads that its processor runs at a time; undefined where the browser does not tell. */
  processors: number | undefined;
  /** GiB of memory, as browsers round it; undefined where they do not tell. */
  memoryGiB: number | undefined;
  /** What the browser says of its device, if anything. */
  isMobile: boolean | undefined;
  /** Whether it is used by finger first: phones and tablets, of browsers that say nothing too. */
  hasCoarsePointer: boolean;
}

/** A phone that is sold today has more; a computer with less has no memory for a second engine. */
const SMALL_GIB = 2;

export const mostCores = ({ processors = 1 }: Device): number => Math.max(1, Math.floor(processors) || 1);

/**
 * All but one, which draws the page and serves the network. A phone or a tablet gets hot, has a battery, and ends
 * pages that take much of its memory: it starts with one.
 */
export function coresAtFirst(device: Device): number {
  const { isMobile, hasCoarsePointer, memoryGiB = Number.POSITIVE_INFINITY } = device;
  if (isMobile || hasCoarsePointer || memoryGiB <= SMALL_GIB) return 1;
  return Math.max(1, mostCores(device) - 1);
}

/** Where a browser does not tell: that of a modest computer, and of a phone. */
const USUAL_GIB = 4;
const USUAL_MOBILE_GIB = 2;

/** Bytes of memory that engines may take together: half of the device's. */
export function memoryOfEngines({ memoryGiB, isMobile, hasCoarsePointer }: Device): number {
  const usual = isMobile || hasCoarsePointer ? USUAL_MOBILE_GIB : USUAL_GIB;
  return ((memoryGiB ?? usual) / 2) * 2 ** 30;
}

/** What was asked for, as far as this device has it; by default what it starts with. */
export function coresOf(asked: unknown, device: Device): number {
  const isNumber = typeof asked === 'number' && Number.isInteger(asked) && asked >= 1;
  return isNumber ? Math.min(asked, mostCores(device)) : coresAtFirst(device);
}
