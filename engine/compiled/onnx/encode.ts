/**
 * An ONNX model as bytes: the few messages of onnx.proto3 (IR version 8) that our graphs need, by the writer
 * of protobufjs. No schema is parsed and no code is made at run time, so it works under a strict
 * Content-Security-Policy.
 */
import protobuf from 'protobufjs/minimal.js';
import type { Shape, Values } from '../graph/graph.js';

export type OnnxType = 'float32' | 'int32' | 'int64' | 'bool' | 'uint8';

/** A number is an int64; a float is marked. */
export type OnnxAttribute = number | string | readonly number[] | { float: number };

export interface OnnxNode {
  op: string;
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxTensor {
  name: string;
  type: OnnxType;
  shape: Shape;
  /** Little-endian. */
  bytes: Uint8Array;
}

export interface OnnxValue {
  name: string;
  type: OnnxType;
  /** An axis with a name may be of any length. */
  shape: readonly (number | string)[];
}

export interface OnnxModel {
  nodes: readonly OnnxNode[];
  constants: readonly OnnxTensor[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
}

/** What a model tells of itself to those who do not run it at once. */
export interface OnnxAbout {
  /** The name of the graph. */
  graph: string;
  producer?: { name: string; version: string };
  documentation?: string;
  metadata?: Readonly<Record<string, string>>;
  opsets: readonly (readonly [domain: string, version: number])[];
}

const IR_VERSION = 8;
/** What is run here. */
const STEP: OnnxAbout = {
  graph: 'step',
  opsets: [
    ['', 18],
    ['com.microsoft', 1],
    ['com.microsoft.nchwc', 1],
  ],
};

/** TensorProto.DataType */
const TYPES: Readonly<Record<OnnxType, number>> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };

/** AttributeProto.AttributeType */
const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7 } as const;

type Writer = ReturnType<typeof protobuf.Writer.create>;

/** Tags of protobuf: the field's number and how its value is written. */
const varint = (field: number): number => field << 3;
const bytes = (field: number): number => (field << 3) | 2;
const fixed32 = (field: number): number => (field << 3) | 5;

export function encodeModel(
  { nodes, constants, inputs, outputs }: OnnxModel,
  { graph, producer, documentation, metadata = {}, opsets }: OnnxAbout = STEP,
): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(varint(1)).int64(IR_VERSION);
  if (producer) {
    writer.uint32(bytes(2)).string(producer.name);
    writer.uint32(bytes(3)).string(producer.version);
  }
  if (documentation) writer.uint32(bytes(6)).string(documentation);
  message(writer, 7, () => {
    for (const node of nodes) message(writer, 1, () => writeNode(writer, node));
    writer.uint32(bytes(2)).string(graph);
    for (const tensor of constants) message(writer, 5, () => writeTensor(writer, tensor));
    for (const value of inputs) message(writer, 11, () => writeValue(writer, value));
    for (const value of outputs) message(writer, 12, () => writeValue(writer, value));
  });
  for (const [domain, version] of opsets) {
    message(writer, 8, () => {
      writer.uint32(bytes(1)).string(domain);
      writer.uint32(varint(2)).int64(version);
    });
  }
  for (const [key, value] of Object.entries(metadata)) {
    message(writer, 14, () => {
      writer.uint32(bytes(1)).string(key);
      writer.uint32(bytes(2)).string(value);
    });
  }
  return writer.finish();
}

export function tensorBytes(type: OnnxType, values: Iterable<number> | Values): Uint8Array {
  const typed = typedArray(type, values);
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
}

function typedArray(type: OnnxType, values: Iterable<number>): Values | BigInt64Array {
  switch (type) {
    case 'float32':
      return Float32Array.from(values);
    case 'int32':
      return Int32Array.from(values);
    case 'int64':
      return BigInt64Array.from(Array.from(values, BigInt));
    case 'bool':
    case 'uint8':
      return Uint8Array.from(values);
  }
}

function message(writer: Writer, field: number, write: () => void): void {
  writer.uint32(bytes(field)).fork();
  write();
  writer.ldelim();
}

function writeNode(writer: Writer, { inputs, outputs, op, domain, attributes }: OnnxNode): void {
  for (const input of inputs) writer.uint32(bytes(1)).string(input);
  for (const output of outputs) writer.uint32(bytes(2)).string(output);
  writer.uint32(bytes(3)).string(`${op}:${outputs[0]}`);
  writer.uint32(bytes(4)).string(op);
  for (const [name, value] of Object.entries(attributes)) {
    message(writer, 5, () => writeAttribute(writer, name, value));
  }
  if (domain) writer.uint32(bytes(7)).string(domain);
}

function writeAttribute(writer: Writer, name: string, value: OnnxAttribute): void {
  writer.uint32(bytes(1)).string(name);
  let type: number;
  if (typeof value === 'number') {
    writer.uint32(varint(3)).int64(value);
    type = ATTRIBUTE.int;
  } else if (typeof value === 'string') {
    writer.uint32(bytes(4)).bytes(new TextEncoder().encode(value));
    type = ATTRIBUTE.string;
  } else if ('float' in value) {
    writer.uint32(fixed32(2)).float(value.float);
    type = ATTRIBUTE.float;
  } else {
    for (const each of value) writer.uint32(varint(8)).int64(each);
    type = ATTRIBUTE.ints;
  }
  writer.uint32(varint(20)).int32(type);
}

function writeTensor(writer: Writer, { name, type, shape, bytes: raw }: OnnxTensor): void {
  for (const length of shape) writer.uint32(varint(1)).int64(length);
  writer.uint32(varint(2)).int32(TYPES[type]);
  writer.uint32(bytes(8)).string(name);
  writer.uint32(bytes(9)).bytes(raw);
}

function writeValue(writer: Writer, { name, type, shape }: OnnxValue): void {
  writer.uint32(bytes(1)).string(name);
  message(writer, 2, () =>
    message(writer, 1, () => {
      writer.uint32(varint(1)).int32(TYPES[type]);
      message(writer, 2, () => {
        for (const length of shape)
          message(writer, 1, () => {
            if (typeof length === 'number') writer.uint32(varint(1)).int64(length);
            else writer.uint32(bytes(2)).string(length);
          });
      });
    }),
  );
}
