/** The weights that have come in over a connection: the current version, and the moving average for evaluations. */
import type { WeightsCode } from '../../shared/numerics/codec/weights/weights-code.js';
import type { Layout } from '../../shared/numerics/layout.js';
import type { Frame } from '../../shared/protocol/frame.js';
import {
  FRAME_AVERAGED_WEIGHTS,
  FRAME_WEIGHTS,
  FrameError,
  peekHeader,
} from '../../shared/protocol/frame.js';
import type { WhichWeights } from '../../shared/protocol/in-process.js';
import type { Keep } from '../../shared/protocol/messages.js';
import { MessageError } from '../../shared/protocol/msgpack/message-error.js';
import type { RunMaterial } from '../data/material.js';
import { WeightsInbox } from './weights-inbox.js';

/** Weights that outlive their connection. */
export interface HeldWeights {
  version: number;
  /** The flat vector. */
  weights: Float32Array;
  /** Whose engine can read them where they lie. */
  material: RunMaterial;
}

/** A version has become whole. */
export interface NewVersion {
  which: WhichWeights;
  version: number;
  /** Whether it is the first of its kind on this connection. */
  isFirst: boolean;
}

export class WeightVersions {
  private readonly current: WeightsInbox;
  private readonly averaged: WeightsInbox;
  /** Of which some version has been whole. */
  private readonly known = new Set<WhichWeights>();
  /** Whether the weights lie in another one's memory. */
  private areElsewhere = false;

  constructor(
    private readonly material: RunMaterial,
    /** How the current version travels; undefined: in float32. */
    code?: WeightsCode,
  ) {
    const { compute, layout, frozen } = material;
    const allocate = (elements: number) => {
      const weights = compute.allocate(elements);
      if (frozen) weights.set(frozen, layout.moving);
      return weights;
    };
    this.current = new WeightsInbox(layout, allocate, code);
    this.averaged = new WeightsInbox(layout, allocate);
  }

  get layout(): Layout {
    return this.material.layout;
  }

  of(which: WhichWeights): WeightsInbox {
    return which === 'current' ? this.current : this.averaged;
  }

  /** The current version, where it is whole and lies in memory of this worker. */
  owned(): HeldWeights | undefined {
    const { version } = this.current;
    if (version < 0 || this.areElsewhere) return undefined;
    return { version, weights: this.current.weights, material: this.material };
  }

  /** Where the rest of a message shall lie that begins with these 16 bytes; undefined: nowhere in particular. */
  place(head: Uint8Array): Uint8Array | undefined {
    const header = peekHeader(head);
    if (header?.type === FRAME_WEIGHTS) return this.current.place(header);
    return header?.type === FRAME_AVERAGED_WEIGHTS ? this.averaged.place(header) : undefined;
  }

  /**
   * @returns the version that this chunk makes whole; undefined: some of it is still to come
   * @throws FrameError if it is no chunk of weights, or not the one that must come next
   */
  add(frame: Frame): NewVersion | undefined {
    const { type } = frame;
    if (type !== FRAME_WEIGHTS && type !== FRAME_AVERAGED_WEIGHTS)
      throw new FrameError(`frame type ${type} is not a coordinator's`);
    const which = type === FRAME_WEIGHTS ? 'current' : 'averaged';
    return this.of(which).add(frame) ? this.whole(which) : undefined;
  }

  /** A version is whole, and lies where it is to be read. */
  hold(which: WhichWeights, version: number, values: Float32Array): NewVersion {
    this.areElsewhere = true;
    return this.take(which, version, values);
  }

  /**
   * What an earlier connection has left is current.
   * @param held what that is
   * @throws MessageError if it is not the version that is to be kept
   */
  keep({ version }: Keep, held: HeldWeights | undefined): NewVersion {
    const { material } = this;
    const isHeld = held?.version === version && held.weights.length === material.layout.total;
    if (!isHeld || this.known.has('current'))
      throw new MessageError(`version ${version} of the weights is to be kept, which is not held`);
    let { weights } = held;
    // Another engine may not read the memory of the one before.
    if (held.material !== material) {
      weights = material.compute.allocate(weights.length);
      weights.set(held.weights);
      // The hash does not tell of these.
      if (material.frozen) weights.set(material.frozen, material.layout.moving);
    }
    return this.take('current', version, weights);
  }

  private take(which: WhichWeights, version: number, values: Float32Array): NewVersion {
    this.of(which).hold(version, values);
    return this.whole(which);
  }

  private whole(which: WhichWeights): NewVersion {
    const isFirst = !this.known.has(which);
    this.known.add(which);
    return { which, version: this.of(which).version, isFirst };
  }
}
