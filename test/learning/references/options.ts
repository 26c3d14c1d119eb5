/** What is trained twice, here and in PyTorch. */
import type { GivenCoordinatorOptions } from '../../../coordinator/options/options.js';

export interface ReferenceOptions {
  python: string;
  /** For files of the comparison; removed afterwards. */
  folder: string;
  options: GivenCoordinatorOptions;
  engine: string;
}
