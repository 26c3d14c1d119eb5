/** The target that graphs are lowered for. It decides which operators compute, so it belongs to the engine class. */
export interface Target {
  /** Channels in a block of MLAS's layout NCHWc: see `blocked/`. 0: plain ONNX, which every runtime takes. */
  blockSize: number;
  /** Whether it lowers for a GPU: GPU providers lack some operators and would run them on the CPU. */
  gpu: boolean;
}

export const PORTABLE: Target = { blockSize: 0, gpu: false };
export const PORTABLE_GPU: Target = { blockSize: 0, gpu: true };

export const blockedTarget = (blockSize: number): Target => ({ blockSize, gpu: false });

/** Raised wherever blocked lowering comes to give other bits: workers of one engine class give the same. */
const REVISION = 2;

export const targetName = ({ blockSize }: Target): string =>
  blockSize > 0 ? `nchwc${blockSize}r${REVISION}` : 'portable';
