import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adagradKernel } from '../optimizers/adagrad.js';
import { adamKernel } from '../optimizers/adam.js';
import { lambDirectionKernel } from '../optimizers/lamb.js';
import { rmspropKernel, rmspropMomentumKernel } from '../optimizers/rmsprop.js';
import { sgdKernel, sgdMomentumKernel } from '../optimizers/sgd.js';
import { createKernels } from './create.js';
import { KERNELS_WASM } from './kernels.generated.js';
import type { Kernels } from './kernels.js';
import type { UpdateKernel } from './update-kernel.js';

type Call = (kernels: Kernels, vectors: Float32Array[], scalars: number[]) => unknown;

/** The kernels that are no update rule's, called with as many of the vectors and scalars as they take. */
const CALLS: Record<string, Call> = {
  add: (k, [a, b]) => k.add(a!, b!),
  divide: (k, [a], [by]) => k.divide(a!, by!),
  scale: (k, [a], [by]) => k.scale(a!, by!),
  clamp: (k, [a], [limit]) => k.clamp(a!, limit!),
  allFinite: (k, [a]) => k.allFinite(a!),
  sumOfSquares: (k, [a]) => k.sumOfSquares(a!),
  mean: (k, [a, b], [by, two]) => k.mean(a!, { other: two! > 0.5 ? b : undefined, by: by! }),
  average: (k, [a, b], [decay]) => k.average(a!, b!, decay!),
};

const UPDATES: UpdateKernel<string, string>[] = [
  sgdKernel,
  sgdMomentumKernel,
  adamKernel,
  rmspropKernel,
  rmspropMomentumKernel,
  adagradKernel,
  lambDirectionKernel,
];

/** Each of them has one: their names are only known to be strings here. */
const withGradient = (vectors: Record<string, Float32Array>) =>
  vectors as Record<string, Float32Array> & { g: Float32Array };

for (const kernel of UPDATES) {
  CALLS[kernel.name] = (kernels, [other, ...vectors], [by, two, ...scalars]) => {
    const named = <T>(names: readonly string[], values: T[]) =>
      Object.fromEntries(names.map((name, i) => [name, values[i]!]));
    const numbers = named(kernel.scalars, scalars);
    if (numbers.nesterov !== undefined) numbers.nesterov = Math.round(numbers.nesterov);
    const of = [undefined, { other: undefined, by: by! }, { other: other!, by: by! }];
    return kernels.update(
      kernel,
      withGradient(named(kernel.vectors, vectors)),
      numbers,
      of[Math.floor(3 * two!)],
    );
  };
}

/** The most that any takes, and what a mean is made of. */
const VECTORS = 6;
const SCALARS = 10;
const MAX_LENGTH = 70;
/** Elements on either side of a vector, which no kernel may touch. */
const MARGIN = 4;
const UNTOUCHED = 12345;

const float = fc.oneof(
  { weight: 4, arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
  { weight: 2, arbitrary: fc.float({ noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, 1e-45, -1e-45, 1e-40, 3.4e38, Infinity, -Infinity, NaN) },
);
const scalar = fc.double({ min: 2 ** -30, max: 1, maxExcluded: true, noNaN: true });
const inputs = fc.integer({ min: 0, max: MAX_LENGTH }).chain((length) =>
  fc.record({
    values: fc.array(fc.array(float, { minLength: length, maxLength: length }), {
      minLength: VECTORS,
      maxLength: VECTORS,
    }),
    offsets: fc.array(fc.nat(MARGIN), { minLength: VECTORS, maxLength: VECTORS }),
    scalars: fc.array(scalar, { minLength: SCALARS, maxLength: SCALARS }),
  }),
);

/** Bit patterns; one for all NaNs, since IEEE 754 leaves theirs open. */
function bits(vector: Float32Array): number[] {
  const patterns = new Uint32Array(vector.buffer, vector.byteOffset, vector.length);
  return Array.from(patterns, (pattern, i) => (Number.isNaN(vector[i]) ? 0x7fc00000 : pattern));
}

/** The result of a call, and what it left in the memory in and around each vector. */
function outcome(
  kernels: Kernels,
  name: string,
  input: typeof inputs extends fc.Arbitrary<infer T> ? T : never,
) {
  const length = input.values[0]!.length;
  const whole = input.values.map(() => kernels.allocate(length + 2 * MARGIN).fill(UNTOUCHED));
  const vectors = whole.map((memory, i) => {
    const vector = memory.subarray(input.offsets[i], input.offsets[i]! + length);
    vector.set(input.values[i]!);
    return vector;
  });
  const result = CALLS[name]!(kernels, vectors, input.scalars);
  const left = whole.map(bits);
  const outside = whole.map((memory, i) => [
    ...memory.subarray(0, input.offsets[i]),
    ...memory.subarray(input.offsets[i]! + length),
  ]);
  for (const memory of whole) kernels.free(memory);
  return { result, left, outside };
}

describe('the kernels', () => {
  const capacityFloats = VECTORS * (MAX_LENGTH + 2 * MARGIN + 4) * (MAX_LENGTH + 1);
  const wasm = createKernels({ capacityFloats, kind: 'wasm' });
  const typescript = createKernels({ capacityFloats, kind: 'typescript' });

  it.each(Object.keys(CALLS))('give the same bits in WebAssembly and in TypeScript: %s', (name) => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { result, left, outside } = outcome(wasm, name, input);
        const reference = outcome(typescript, name, input);
        expect(result).toEqual(reference.result);
        expect(left).toEqual(reference.left);
        expect(outside.flat().every((value) => value === UNTOUCHED)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.each(
    UPDATES.flatMap((kernel) =>
      [wasm, typescript].map((kernels) => [kernel.name, kernels.kind, { kernel, kernels }] as const),
    ),
  )(
    'update by a mean that they make themselves as by one that was made before: %s, %s',
    (_name, _kind, { kernel, kernels }) => {
      fc.assert(
        fc.property(inputs, fc.boolean(), ({ values, scalars: [by, ...scalars] }, isOfTwo) => {
          const outcomes = [true, false].map((isOnePass) => {
            const [other, ...vectors] = values.map((each) => {
              const vector = kernels.allocate(each.length);
              vector.set(each);
              return vector;
            });
            const named = withGradient(
              Object.fromEntries(kernel.vectors.map((name, i) => [name, vectors[i]!])),
            );
            const numbers = Object.fromEntries(kernel.scalars.map((name, i) => [name, scalars[i]!]));
            const of = { other: isOfTwo ? other : undefined, by: by! };
            const made = isOnePass ? 0 : kernels.mean(named.g, of);
            const squares = made + kernels.update(kernel, named, numbers, isOnePass ? of : undefined);
            const left = vectors.map(bits);
            for (const vector of [other!, ...vectors]) kernels.free(vector);
            return { squares, left };
          });
          expect(outcomes[0]).toEqual(outcomes[1]);
        }),
        { numRuns: 50 },
      );
    },
  );

  it('have a property test each', () => {
    const module = new WebAssembly.Module(Buffer.from(KERNELS_WASM, 'base64'));
    const exported = WebAssembly.Module.exports(module).filter(({ kind }) => kind === 'function');
    expect(exported.map(({ name }) => name).toSorted()).toEqual(Object.keys(CALLS).toSorted());
  });

  it('say which kernel the assembly lacks, or takes other parameters', () => {
    const run = (kernel: UpdateKernel<string, string>) => () =>
      wasm.update(
        kernel,
        withGradient(Object.fromEntries(kernel.vectors.map((name) => [name, wasm.allocate(1)]))),
        {},
      );
    expect(run({ ...sgdKernel, name: 'adamax' })).toThrow('has no kernel adamax of 8 parameters');
    expect(run({ ...sgdKernel, vectors: ['w', 'g'] })).toThrow('has no kernel sgd of 7 parameters');
  });
});

describe.each(['wasm', 'typescript'] as const)('the %s kernels', (kind) => {
  const kernels = createKernels({ capacityFloats: 4096, kind });
  const vector = (...values: number[]) => {
    const allocated = kernels.allocate(values.length);
    allocated.set(values);
    return allocated;
  };

  it('find the one element that is not finite, wherever it stands', () => {
    const values = kernels.allocate(21).fill(3.4e38);
    expect(kernels.allFinite(values)).toBe(true);
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (let i = 0; i < values.length; i++) {
        values[i] = bad;
        expect(kernels.allFinite(values)).toBe(false);
        values[i] = -3.4e38;
      }
    }
  });

  it('divide truly: not by multiplying with a rounded reciprocal', () => {
    const values = vector(5, 10, 15, 7, 14);
    kernels.divide(values, 49);
    expect([...values]).toEqual([5, 10, 15, 7, 14].map((value) => Math.fround(value / 49)));
  });

  it('sum squares in float64, so that large gradients do not lose the small ones', () => {
    expect(kernels.sumOfSquares(vector(1e4, 1e-3, 1e-3))).toBe(
      Math.fround(1e4) ** 2 + Math.fround(1e-3) ** 2 + Math.fround(1e-3) ** 2,
    );
    expect(kernels.sumOfSquares(vector(3e38, 3e38))).toBeGreaterThan(1e76);
  });

  it('leave an average as it is once it equals the weights', () => {
    const average = vector(0.1, 1 / 3, -7, 1e-20, 12345.678);
    const before = [...average];
    for (let step = 0; step < 1000; step++) kernels.average(average, vector(...before), 0.999);
    expect([...average]).toEqual(before);
  });
});

describe("the WebAssembly kernels' memory", () => {
  it('begins with zeros, at the same address while others come and go', () => {
    const kernels = createKernels({ capacityFloats: 1000, kind: 'wasm' });
    const first = kernels.allocate(100);
    expect(first.every((value) => value === 0)).toBe(true);
    first.fill(7);
    for (let i = 0; i < 50; i++) kernels.free(kernels.allocate(800).fill(i));
    expect(first.every((value) => value === 7)).toBe(true);
    expect(first.length).toBe(100);
  });

  it('never lends the same place twice', () => {
    const kernels = createKernels({ capacityFloats: 20_000, kind: 'wasm' });
    const lent = new Set<Float32Array>();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.boolean(), (length, giveBack) => {
        const [oldest] = lent;
        if (giveBack && oldest) {
          lent.delete(oldest);
          kernels.free(oldest);
        }
        const vector = kernels.allocate(length);
        for (const other of lent) {
          const apart =
            vector.byteOffset + vector.byteLength <= other.byteOffset ||
            other.byteOffset + other.byteLength <= vector.byteOffset;
          expect(apart).toBe(true);
        }
        lent.add(vector);
      }),
      { numRuns: 500 },
    );
  });

  it('holds what was asked for, and says when more is wanted', () => {
    const kernels = createKernels({ capacityFloats: 100_000, kind: 'wasm' });
    kernels.allocate(100_000);
    expect(() => kernels.allocate(100_000)).toThrow('no room for 100000 more float32 elements');
  });

  it('gives way to plain TypeScript where 4 GiB are too few', () => {
    expect(createKernels({ capacityFloats: 2 ** 20 }).kind).toBe('wasm');
    expect(createKernels({ capacityFloats: 2 ** 30 }).kind).toBe('typescript');
    expect(() => createKernels({ capacityFloats: 2 ** 30, kind: 'wasm' })).toThrow('no WebAssembly SIMD');
  });
});
