/**
 * Operators as opset 17 has them. Graphs are lowered to opset 18, where reductions take their axes as an input; older
 * runtimes, and converters to other formats, know the attribute.
 */
import type { OnnxModel, OnnxNode } from '../../../../engine/compiled/onnx/encode.js';

const REDUCTIONS: ReadonlySet<string> = new Set(['ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceProd']);

/** @throws Error for an operator that is no standard one */
export function inOpset17(model: OnnxModel): OnnxModel {
  const constants = new Map(model.constants.map((constant) => [constant.name, constant]));
  const nodes = model.nodes.map((node): OnnxNode => {
    const { op, domain, inputs, attributes } = node;
    if (domain !== '') throw new Error(`${op} of ${domain} is no standard operator`);
    if (!REDUCTIONS.has(op) || inputs.length < 2) return node;
    const { bytes } = constants.get(inputs[1]!)!;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const axes = Array.from({ length: bytes.byteLength / 8 }, (_, i) =>
      Number(view.getBigInt64(8 * i, true)),
    );
    return { ...node, inputs: [inputs[0]!], attributes: { ...attributes, axes } };
  });
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  return { ...model, nodes, constants: model.constants.filter(({ name }) => read.has(name)) };
}
