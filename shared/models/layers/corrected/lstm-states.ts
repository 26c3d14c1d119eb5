/**
 * The recurrence of long short-term memory, with its gradient in closed form (Hochreiter & Schmidhuber 1997;
 * backward as in Gers, Schraudolph & Schmidhuber 2002). Of the backward pass only what depends on the step
 * after it is done step by step: three products of vectors and one of matrices. All else, derivatives of the
 * gates and the gradient of the recurrent kernel, is done for the whole sequence at once.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Tf } from '../layer.js';

type Tensor = TensorFlow.Tensor;
/** The four gates of one step, or of all steps stacked. */
type Quarters = [input: Tensor, forget: Tensor, candidate: Tensor, output: Tensor];

/**
 * Sequences lie time first: the rows of step 0, then those of step 1, and so on.
 *
 * @param projected what the inputs give to the gates, [steps * n, 4 * units], in the order input, forget,
 *   candidate, output
 * @param recurrent [units, 4 * units]
 * @returns the states, [steps * n, units], from a state and a cell of zeros
 */
export function lstmStates(tf: Tf, steps: number, projected: Tensor, recurrent: Tensor): Tensor {
  const unroll = tf.customGrad((...given) => {
    const [projected, recurrent, save] = given as [Tensor, Tensor, (tensors: Tensor[]) => void];
    const unrolled = forward(tf, steps, projected, recurrent);
    const { gates, forgets, candidates, cells, squashed } = unrolled;
    const states = tf.concat(unrolled.states, 0);
    save([recurrent, states, ...gates, ...forgets, ...candidates, ...cells, ...squashed]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [recurrent, states, ...rest] = saved as [Tensor, Tensor, ...Tensor[]];
      const [gates, forgets, candidates, cells, squashed] = [0, 1, 2, 3, 4].map((i) =>
        rest.slice(i * steps, (i + 1) * steps),
      ) as [Tensor[], Tensor[], Tensor[], Tensor[], Tensor[]];
      return backward(tf, recurrent, states, { gates, forgets, candidates, cells, squashed }, dy);
    };
    return { value: states, gradFunc: gradFunc as never };
  });
  return unroll(projected, recurrent);
}

/** What each step leaves for the backward pass. */
interface Unrolled {
  states: Tensor[];
  /** Sigmoids, [n, 4 * units]; the candidate's quarter stands idle. */
  gates: Tensor[];
  /** The forget gate's quarter of the sigmoids. */
  forgets: Tensor[];
  candidates: Tensor[];
  cells: Tensor[];
  /** The hyperbolic tangents of the cells. */
  squashed: Tensor[];
}

function forward(tf: Tf, steps: number, projected: Tensor, recurrent: Tensor): Unrolled {
  const unrolled: Unrolled = { states: [], gates: [], forgets: [], candidates: [], cells: [], squashed: [] };
  const units = recurrent.shape[0]!;
  for (const step of tf.split(projected, steps, 0)) {
    const before = unrolled.states.at(-1);
    const drive = before ? tf.add(tf.matMul(before, recurrent), step) : step;
    // One sigmoid over all quarters costs less than one over each that needs it.
    const open = tf.sigmoid(drive);
    const [input, forget, , output] = tf.split(open, 4, 1) as Quarters;
    const candidate = tf.tanh(tf.slice(drive, [0, 2 * units], [-1, units]));
    const taken = tf.mul(input, candidate);
    const cellBefore = unrolled.cells.at(-1);
    const cell = cellBefore ? tf.add(tf.mul(forget, cellBefore), taken) : taken;
    const squashed = tf.tanh(cell);
    unrolled.gates.push(open);
    unrolled.forgets.push(forget);
    unrolled.candidates.push(candidate);
    unrolled.cells.push(cell);
    unrolled.squashed.push(squashed);
    unrolled.states.push(tf.mul(output, squashed));
  }
  return unrolled;
}

function backward(
  tf: Tf,
  recurrent: Tensor,
  states: Tensor,
  { gates, forgets, candidates, cells, squashed }: Omit<Unrolled, 'states'>,
  dy: Tensor,
) {
  const steps = cells.length;
  const one = tf.scalar(1);
  const all = (tensors: Tensor[]) => tf.concat(tensors, 0);
  const nothing = tf.zerosLike(cells[0]!);
  // One step later each: what the step found.
  const foundCells = all([nothing, ...cells.slice(0, -1)]);
  const rows = nothing.shape[0]!;
  const foundStates = steps > 1 ? all([nothing, tf.slice(states, 0, (steps - 1) * rows)]) : nothing;

  const open = all(gates);
  const [input, , , output] = tf.split(open, 4, 1) as Quarters;
  const [inputSlope, forgetSlope, , outputSlope] = tf.split(
    tf.mul(open, tf.sub(one, open)),
    4,
    1,
  ) as Quarters;
  const [candidate, squash] = [all(candidates), all(squashed)];
  // What the drive of each gate gets of the cell's gradient, and the output gate of the state's.
  const shares = tf.concat(
    [
      tf.mul(candidate, inputSlope),
      tf.mul(foundCells, forgetSlope),
      tf.mul(input, tf.sub(one, tf.square(candidate))),
      tf.mul(squash, outputSlope),
    ],
    1,
  );
  const toCell = tf.mul(output, tf.sub(one, tf.square(squash)));

  const [shareAt, toCellAt, dyAt] = [shares, toCell, dy].map((tensor) => tf.split(tensor, steps, 0)) as [
    Tensor[],
    Tensor[],
    Tensor[],
  ];
  // Turned once here, or else within each product.
  const turned = tf.transpose(recurrent);
  const drives: Tensor[] = new Array(steps);
  let later: { state: Tensor; cell: Tensor } | undefined;
  for (let step = steps - 1; step >= 0; step--) {
    const state = later ? later.state : dyAt[step]!;
    const own = tf.mul(state, toCellAt[step]!);
    const cell = later ? tf.add(own, later.cell) : own;
    const drive = tf.mul(tf.concat([cell, cell, cell, state], 1), shareAt[step]!);
    drives[step] = drive;
    if (step > 0) {
      later = {
        state: tf.add(tf.matMul(drive, turned), dyAt[step - 1]!),
        cell: tf.mul(cell, forgets[step]!),
      };
    }
  }
  const driven = all(drives);
  return [driven, tf.matMul(foundStates, driven, true, false)];
}
