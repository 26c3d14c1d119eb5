/** The orders of an image's axes. */
import type { Shape } from '../graph/graph.js';
import type { Name } from '../onnx/builder.js';

/** A tensor of the ONNX graph, and its shape there. */
export interface Stored {
  name: Name;
  shape: Shape;
}

export const TO_CHANNELS_FIRST = [0, 3, 1, 2];
export const TO_CHANNELS_LAST = [0, 2, 3, 1];

/** Where each axis of [n, h, w, c] stands in NCHW. */
export const CHANNELS_FIRST_AXIS = [0, 2, 3, 1];

/** [n, h, w, c] -> [n, c, h, w] */
export const channelsFirstShape = (shape: Shape): number[] => TO_CHANNELS_FIRST.map((axis) => shape[axis]!);
/** [n, c, h, w] -> [n, h, w, c] */
export const channelsLastShape = (shape: Shape): number[] => TO_CHANNELS_LAST.map((axis) => shape[axis]!);
