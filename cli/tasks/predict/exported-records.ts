/** How records for an exported model are read: by what `export` told in its `model.json`. */
import { z } from 'zod';
import { tokens } from '../../../shared/data/check-manifest.js';
import {
  AS_IT_IS,
  type Feature,
  type NamedParts,
  type RecordFormat,
  type Scaling,
  type Tokens,
} from '../../../shared/data/manifest.js';
import { hasSeveralOutputs } from '../../../shared/data/named-parts.js';
import { LOSSES, type LossName } from '../../../shared/numerics/losses.js';
import { sizeOf } from '../../../shared/numerics/shape.js';
import { UserError } from '../../../shared/user-error.js';

const scaling = z.object({ mean: z.number(), std: z.number() });

const shape = z.array(z.number().int().positive());
const inputTold = z.object({
  name: z.string(),
  shape,
  dtype: z.enum(['uint8', 'int32', 'float32']),
  scaling: z.array(scaling).optional(),
});
const outputTold = z.object({
  name: z.string(),
  loss: z.enum(LOSSES),
  task: z.enum(['classification', 'multilabel', 'regression']),
  shape,
  count: z.number().int().positive().optional(),
  classes: z.array(z.string()).optional(),
  target: scaling.optional(),
});

/** `ModelMetadata` of coordinator/record/model/metadata.ts, as it comes from a file. */
const told = z.object({
  loss: z.union([z.enum(LOSSES), z.templateLiteral(['custom:', z.string()])]),
  customLoss: z.object({ labels: z.enum(LOSSES) }).optional(),
  task: z.enum(['classification', 'multilabel', 'regression']),
  classes: z.array(z.string()).optional(),
  label: z.string().optional(),
  separator: z.string().optional(),
  features: z.array(z.string()).optional(),
  columnsNamed: z.boolean().optional(),
  categories: z.record(z.string(), z.array(z.string())).optional(),
  fill: z.record(z.string(), z.number()).optional(),
  unknown: z.literal('zeros').optional(),
  input: z.object({
    shape: z.array(z.number().int().positive()),
    dtype: z.enum(['uint8', 'int32', 'float32']),
    scaling: z.array(scaling).optional(),
  }),
  tokens: tokens.optional(),
  target: scaling.optional(),
  scaledBy: z.enum(['model', 'caller', 'nobody']),
  inputs: z.array(inputTold).min(1).optional(),
  outputs: z.array(outputTold).min(1).optional(),
});

/** @returns the parts of a model with several inputs or outputs, and each one's loss */
function namedOf({ inputs, outputs, scaledBy }: z.infer<typeof told>) {
  if (!inputs || !outputs) return undefined;
  const isOurs = scaledBy === 'caller';
  const named: NamedParts = {
    inputs: inputs.map(({ name, shape, scaling = [AS_IT_IS] }) => ({
      ...{ name, shape },
      normalisation: {
        scale: 1,
        mean: isOurs ? scaling.map(({ mean }) => mean) : [0],
        std: isOurs ? scaling.map(({ std }) => std) : [1],
      },
    })),
    outputs: outputs.map(({ name, shape, task, count = 2, classes, target }) => ({
      ...{ name, shape },
      label:
        task === 'regression'
          ? { kind: 'value', scaling: (isOurs && target) || AS_IT_IS }
          : {
              ...{ kind: task === 'multilabel' ? 'multilabel' : 'class', classes: count },
              ...(classes && { names: classes }),
            },
    })),
  };
  return { named, losses: outputs.map(({ loss }) => loss) };
}

/** The features by their names: those that texts have become are told by `categories`. */
function featuresOf(
  { categories = {}, fill = {} }: Pick<z.infer<typeof told>, 'categories' | 'fill'>,
  names: readonly string[],
): Pick<Feature, 'name' | 'column' | 'value' | 'fill'>[] {
  const texts = new Map<string, Pick<Feature, 'column' | 'value'>>(
    Object.entries(categories).flatMap(([column, values]) =>
      values.map((value) => [`${column}=${value}`, { column, value }] as const),
    ),
  );
  return names.map((name) => {
    const text = texts.get(name);
    const own = fill[text?.column ?? name];
    return { name, ...text, ...(own === undefined ? {} : { fill: own }) };
  });
}

/**
 * @param metadata `userDefinedMetadata.swarmgrad`
 * @param outputShape of the model, without the batch
 * @throws UserError where it is not what this version writes
 */
export function exportedRecords(
  file: string,
  metadata: unknown,
  outputShape: readonly number[],
): { records: RecordFormat; losses: LossName[] } {
  const read = told.safeParse(metadata);
  if (!read.success)
    throw new UserError(
      `${file} does not tell what the model takes (userDefinedMetadata.swarmgrad): give a folder that \`swarmgrad export --format tfjs\` of this version has written`,
      2,
    );
  const {
    customLoss,
    loss: said,
    task,
    classes,
    label,
    features,
    columnsNamed = true,
    input,
    target,
    scaledBy,
    unknown,
    tokens: toldTokens,
    separator,
  } = read.data;
  const parts = namedOf(read.data);
  const loss = customLoss?.labels ?? (said as LossName);
  const isOurs = scaledBy === 'caller';
  const scalings: Scaling[] | undefined = isOurs ? input.scaling : undefined;
  const { shape, dtype } = input;
  const width = outputShape.at(-1)!;
  const isTable = features !== undefined && label !== undefined;
  const values = (list: readonly { shape: number[] }[]) =>
    list.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const isFlat = parts && parts.named.inputs.length > 1;
  return {
    losses: parts?.losses ?? [loss],
    records: {
      x: isFlat ? { shape: [values(parts.named.inputs)], dtype } : { shape, dtype },
      ...(parts && { named: parts.named }),
      y: hasSeveralOutputs(parts?.named)
        ? { shape: [values(parts!.named.outputs)], dtype: 'float32' }
        : task === 'classification'
          ? { shape: outputShape.slice(0, -1), dtype: 'int32' }
          : { shape: [...outputShape], dtype: task === 'multilabel' ? 'uint8' : 'float32' },
      label:
        task === 'classification'
          ? {
              kind: 'class',
              classes: classes?.length ?? (loss === 'binaryCrossentropy' ? 2 : width),
              ...(classes && { names: classes }),
            }
          : task === 'multilabel'
            ? { kind: 'multilabel', classes: width, ...(classes && { names: classes }) }
            : { kind: 'value', scaling: (isOurs && target) || AS_IT_IS },
      ...(isTable && {
        columns: {
          ...{ named: columnsNamed, label },
          features: featuresOf(read.data, features).map((feature, i) => ({
            ...feature,
            ...(scalings?.[i] ?? AS_IT_IS),
          })),
          ...(unknown && { unknown }),
          ...(separator !== undefined && { separator }),
        },
      }),
      ...(toldTokens && { tokens: toldTokens as Tokens }),
      // Of a table each column is scaled as it is read, and all else as it is fed.
      normalisation: isFlat
        ? { scale: 1, mean: [0], std: [1] }
        : {
            scale: 1,
            mean: (!isTable && scalings?.map(({ mean }) => mean)) || [0],
            std: (!isTable && scalings?.map(({ std }) => std)) || [1],
          },
    },
  };
}
