/**
 * Values that stay on a graphics processor from one run to the next: the weights, once a version, and gradients until
 * their sum is complete. They are given back by hand: the collector of garbage does not see how large they are.
 */
import type * as Ort from 'onnxruntime-common';
import { OnnxBuilder } from './onnx/builder.js';
import { encodeModel } from './onnx/encode.js';
import type { Runtime } from './runtime.js';

type Results = Ort.InferenceSession.OnnxValueMapType;
type Place = 'gpu-buffer' | 'cpu';

/** What is added over the tree, and not the sums of single shards. */
const isVector = (name: string): boolean => /^(gradient|change):/.test(name);

/** For a session whose vectors stay on the device; its sums of loss and metric are read at once. */
export const vectorsOnDevice = (outputs: readonly { name: string }[]): Record<string, Place> =>
  Object.fromEntries(outputs.filter(({ name }) => isVector(name)).map(({ name }) => [name, 'gpu-buffer']));

export function giveBack(results: Results): void {
  for (const value of Object.values(results) as Ort.Tensor[]) {
    if (value.location === 'gpu-buffer') value.dispose();
  }
}

interface Output {
  name: string;
  shape: readonly number[];
  /** The inputs that it is the sum of: one or two. */
  of: readonly string[];
}

export class Device {
  private readonly sessions = new Map<string, Ort.InferenceSession>();
  private held: Results = {};

  constructor(private readonly runtime: Pick<Runtime, 'ort' | 'session'>) {}

  /** Copies tensors of float32 to the device, in place of those that it had. */
  async hold(tensors: readonly Ort.Tensor[]): Promise<readonly Ort.Tensor[]> {
    const outputs = tensors.map(({ dims }, i) => ({ name: `held:${i}`, shape: dims, of: [`given:${i}`] }));
    const session = await this.session('hold', outputs, 'gpu-buffer');
    const held = await session.run(Object.fromEntries(tensors.map((tensor, i) => [`given:${i}`, tensor])));
    giveBack(this.held);
    this.held = held;
    return outputs.map(({ name }) => held[name] as Ort.Tensor);
  }

  /**
   * left + right in float32 for each vector, as `compute-node.ts` adds. Both are given back.
   * @param isRead whether the sums are wanted off the device
   */
  async add(left: Results, right: Results, isRead: boolean): Promise<Results> {
    const outputs = Object.keys(left)
      .filter(isVector)
      .map((name): Output => {
        const of = [`left ${name}`, `right ${name}`];
        return { name, shape: (left[name] as Ort.Tensor).dims, of };
      });
    const place = isRead ? 'cpu' : 'gpu-buffer';
    const session = await this.session(`add ${place}`, outputs, place);
    const feeds = outputs.flatMap(({ name, of }) => [
      [of[0]!, left[name]!],
      [of[1]!, right[name]!],
    ]);
    const sums = await session.run(Object.fromEntries(feeds));
    giveBack(left);
    giveBack(right);
    return sums;
  }

  dispose(): void {
    giveBack(this.held);
    for (const session of this.sessions.values()) void session.release();
    this.sessions.clear();
  }

  private async session(
    key: string,
    outputs: readonly Output[],
    place: Place,
  ): Promise<Ort.InferenceSession> {
    const known = this.sessions.get(key);
    if (known) return known;
    const builder = new OnnxBuilder();
    const float = <T>(value: T) => ({ ...value, type: 'float32' as const });
    const inputs = outputs.flatMap(({ of, shape }) => of.map((name) => float({ name, shape })));
    // An output that is an input becomes a copy of it.
    const model = builder.finish(
      inputs,
      outputs.map(({ name, shape, of }) =>
        float({ name, shape, from: of.length === 1 ? of[0]! : builder.emit('Add', of) }),
      ),
    );
    const options = { ...this.runtime.session, preferredOutputLocation: place };
    const session = await this.runtime.ort.InferenceSession.create(encodeModel(model), options);
    this.sessions.set(key, session);
    return session;
  }
}
