/** The graphics processor that this browser offers, as far as it must be known before an engine is loaded for it. */

/** The adapter that WebGPU offers. */
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

/** The renderer that WebGL offers. */
export interface WebGl {
  renderer: string;
  /** Whether the renderer runs on the CPU. */
  isSoftware: boolean;
}

/** Chromium's, Mesa's and Windows' own. */
const SOFTWARE_RENDERER = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Undefined where there is no WebGL. */
export function findWebGl(): WebGl | undefined {
  try {
    const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
    if (!gl) return undefined;
    const renderer = rendererOf(gl);
    // Browsers keep few contexts at a time: the engine needs it more.
    gl.getExtension('WEBGL_lose_context')?.loseContext();
    return { renderer, isSoftware: SOFTWARE_RENDERER.test(renderer) };
  } catch {
    return undefined;
  }
}

export function rendererOf(gl: WebGL2RenderingContext): string {
  const names = gl.getExtension('WEBGL_debug_renderer_info');
  return String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER)).slice(0, 120);
}

/** What of it decides bits, as far as browsers tell. */
export const nameOfGpu = ({ vendor, architecture }: Gpu): string =>
  [vendor, architecture].filter(Boolean).join(' ') || 'unknown';
