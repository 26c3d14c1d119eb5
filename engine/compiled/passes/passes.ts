/** The passes in their order, from the graph as traced to the graph that is lowered. */
import type { Graph } from '../graph/graph.js';
import { withoutCommonSubexpressions } from './common-subexpressions.js';
import { cropUnread } from './crop-unread.js';
import { withoutDeadCode } from './dead-code.js';
import { foldConstants } from './fold-constants.js';
import { fuseAddends } from './fuse/addend.js';
import { fuseBiases } from './fuse/bias.js';
import { fuseRelus } from './fuse/relu.js';
import { fuseResiduals } from './fuse/residual.js';
import { joinProducts } from './join-products.js';
import { shrinkPoolGradients } from './pool-gradient.js';
import { recognizeReluGradients } from './relu-gradient.js';

const PASSES = [
  foldConstants,
  withoutDeadCode,
  withoutCommonSubexpressions,
  // Zeros of one gradient may have been the reason for another.
  foldConstants,
  withoutCommonSubexpressions,
  withoutDeadCode,
  joinProducts,
  recognizeReluGradients,
  withoutDeadCode,
  fuseBiases,
  withoutDeadCode,
  fuseAddends,
  withoutDeadCode,
  fuseResiduals,
  withoutDeadCode,
  fuseRelus,
  shrinkPoolGradients,
  withoutDeadCode,
  cropUnread,
] satisfies ((graph: Graph) => Graph)[];

export function optimize(graph: Graph): Graph {
  return PASSES.reduce((current, pass) => pass(current), graph);
}
