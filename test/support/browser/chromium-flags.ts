/** Where Debian's Chromium is, and how tests and benches start it: WebGL and WebGPU are drawn by the processor. */
import { existsSync } from 'node:fs';
import { LATE_WASM_TIERS } from '../setup/wasm-tiers.js';

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** The one without windows, where it is installed: it does not load the pages of which windows are made, and hides no tab. */
const HEADLESS = '/usr/bin/chromium-headless-shell';
export const WINDOWLESS = process.env.CHROMIUM ?? (existsSync(HEADLESS) ? HEADLESS : CHROMIUM);

const BASE_FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
  // Another name than localhost's: a page from there is of no secure context.
  '--host-resolver-rules=MAP volunteers.example 127.0.0.1',
];
const GPU_FLAGS = [
  // Scripts have WebGL and WebGPU; pages themselves are drawn without, at half of the processor's time.
  '--disable-gpu-compositing',
  ...['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  ...['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
];

export const CHROMIUM_FLAGS = [...BASE_FLAGS, ...GPU_FLAGS];
/** For tabs that live as long as a test, and are not timed. */
export const SHORT_LIVED = [...CHROMIUM_FLAGS, `--js-flags=${LATE_WASM_TIERS}`];

/** As an old device, or one whose owner is careful: neither WebGL nor WebAssembly. */
export const OLD_BROWSER_FLAGS = [
  ...BASE_FLAGS,
  ...['--disable-gpu', '--disable-software-rasterizer', '--js-flags=--jitless'],
];
