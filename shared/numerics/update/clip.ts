/** Keeps a gradient of norm 0 from dividing by zero, as PyTorch does. */
const TINY = 1e-6;

/**
 * The factor that brings a gradient of norm `norm` down to at most `maxNorm`; 1 if it is there already.
 * As `torch.nn.utils.clip_grad_norm_`.
 */
export const normScale = (norm: number, maxNorm: number): number => Math.min(1, maxNorm / (norm + TINY));
