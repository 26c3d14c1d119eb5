/** How one kernel is lowered: it asks for its inputs in the forms that it likes, and tells its outputs. */
import { type GraphNode, inputOf, type Value } from '../graph/graph.js';
import type { Lowering } from './lowering.js';

export type Rule = (low: Lowering, node: GraphNode) => void;
export type Rules = Readonly<Record<string, Rule>>;

export const outputOf = ({ outputs }: GraphNode): Value => outputs[0]!;

export const inputsNamed = (node: GraphNode, ...names: string[]): Value[] =>
  names.map((name) => inputOf(node, name));

export const numberOf = ({ attributes }: GraphNode, name: string): number => attributes[name] as number;
export const numbersOf = ({ attributes }: GraphNode, name: string): number[] => [
  ...(attributes[name] as number[]),
];
export const flagOf = ({ attributes }: GraphNode, name: string): boolean => attributes[name] === true;

/** The window of a convolution or a pool. */
export interface Window {
  kernel: [height: number, width: number];
  strides: [height: number, width: number];
  dilations: [height: number, width: number];
  pads: [top: number, left: number, bottom: number, right: number];
}

export function windowOf({ attributes }: GraphNode): Window {
  const { kernel, strides, dilations, pads } = attributes as unknown as Window;
  return { kernel, strides, dilations, pads };
}

/** The attributes of a window in ONNX's form. */
export const windowAttributes = ({ kernel, strides, dilations, pads }: Window) => ({
  kernel_shape: kernel,
  strides,
  dilations,
  pads,
});

/** Whether windows neither overlap nor are padded. */
export const isTiling = ({ kernel, strides, dilations, pads }: Window): boolean =>
  kernel[0] === strides[0] &&
  kernel[1] === strides[1] &&
  dilations[0] * dilations[1] === 1 &&
  pads.every((pad) => pad === 0);
