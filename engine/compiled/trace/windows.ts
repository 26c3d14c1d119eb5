/** The geometry of convolutions and pooling windows in plain numbers, by TF.js's own arithmetic. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Attributes, Shape } from '../graph/graph.js';
import type { RawAttributes } from './spec.js';

export interface Geometry {
  /** [n, height, width, channels] */
  outShape: Shape;
  /** `kernel`, `strides`, `dilations` as [height, width]; `pads` as [top, left, bottom, right]. */
  attributes: Attributes;
}

/** @param filter [height, width, in, out]; of a pooling window the last two do not count */
export function geometryOf(
  tf: typeof TensorFlow,
  input: Shape,
  filter: Shape,
  raw: RawAttributes,
  depthwise: boolean,
): Geometry {
  const { strides, pad, dimRoundingMode } = raw;
  if (raw.dataFormat && raw.dataFormat !== 'NHWC') throw new Error(`data format ${raw.dataFormat}`);
  const [height = 1, width = 1] = filter;
  const shape: [number, number, number, number] = [
    height,
    width,
    input[3]!,
    depthwise ? filter[3]! || 1 : filter[3]!,
  ];
  const info = tf.backend_util.computeConv2DInfo(
    [...input] as [number, number, number, number],
    shape,
    strides,
    raw.dilations ?? 1,
    pad,
    dimRoundingMode ?? undefined,
    depthwise,
  );
  const { top, left, bottom, right } = info.padInfo;
  return {
    outShape: info.outShape,
    attributes: {
      kernel: [height, width],
      strides: [info.strideHeight, info.strideWidth],
      dilations: [info.dilationHeight, info.dilationWidth],
      pads: [top, left, bottom, right],
    },
  };
}
