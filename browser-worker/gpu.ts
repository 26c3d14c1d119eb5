/** The graphics processor that WebGPU offers, as far as it must be known before an engine is loaded for it. */

export interface Gpu {
  vendor: string;
  architecture: string;
  /** Drawn by the processor: correct, and slower than any engine of the processor. */
  isSoftware: boolean;
}

interface Adapter {
  info?: { vendor?: string; architecture?: string; isFallbackAdapter?: boolean };
  isFallbackAdapter?: boolean;
}

/** Undefined where there is no WebGPU: in old browsers, on pages on plain http, without a driver. */
export async function findGpu(): Promise<Gpu | undefined> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<Adapter | null> } };
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) return undefined;
  const { vendor = '', architecture = '' } = adapter.info ?? {};
  const isSoftware =
    (adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter) === true || architecture === 'swiftshader';
  return { vendor, architecture, isSoftware };
}

/** What of it decides bits, as far as browsers tell. */
export const nameOfGpu = ({ vendor, architecture }: Gpu): string =>
  [vendor, architecture].filter(Boolean).join(' ') || 'unknown';
