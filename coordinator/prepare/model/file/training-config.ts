/**
 * What a model file says of how the model was compiled (`training_config` of Keras' HDF5 and its converter,
 * `compile_config` of Keras 3, `trainingConfig` of TF.js, the loss in an export of ours). The loss is the run's, unless
 * `--loss` asks for another; one that training does not honor as it stands is refused by name. The optimizer is told
 * and not taken over: options decide on it, and its state begins anew.
 */
import { LOSSES, type LossName } from '../../../../shared/numerics/losses.js';
import { UserError } from '../../../../shared/user-error.js';
import { lossesAsked } from '../traced/loss-per-output.js';
import { isOwnLoss, type LossOption } from '../traced/own-function.js';

type Config = Record<string, unknown>;

/** The parts of a file in which it may stand. */
export interface TrainingConfigs {
  training_config?: unknown;
  trainingConfig?: unknown;
  compile_config?: unknown;
  userDefinedMetadata?: unknown;
}

export interface ChosenLoss {
  /** Undefined: neither file nor option names one. */
  loss: LossName | undefined;
  /** Whether the file's loss takes logits; undefined: it does not say, or another loss was asked for. */
  fromLogits: boolean | undefined;
  /** Of the file's loss; absent: 0. */
  labelSmoothing?: number;
  /** Of one of several outputs: what its loss counts, where the file says it. */
  weight?: number;
  /** Of several outputs, in the order of the model. */
  each?: ChosenLoss[];
  /** What people should know of it. */
  notes: string[];
}

interface StoredLoss {
  /** As the file calls it. */
  said: string;
  config: Config;
}

/** Lower case, without underscores: TF.js, Keras 2 and Keras 3 write the same names differently. */
const OURS: Readonly<Record<string, LossName>> = {
  // A label is the number of a class in both.
  ...{ categoricalcrossentropy: LOSSES[0], sparsecategoricalcrossentropy: LOSSES[0] },
  binarycrossentropy: LOSSES[1],
  ...{ meansquarederror: LOSSES[2], mse: LOSSES[2] },
  ...{ meanabsoluteerror: LOSSES[3], mae: LOSSES[3] },
  ...{ huber: LOSSES[4], huberloss: LOSSES[4] },
};

/** Options of losses, with the values that training honors; `from_logits` is held against the model's end. */
const HONORED: Readonly<Record<string, (value: unknown) => boolean>> = {
  name: () => true,
  from_logits: (value) => typeof value === 'boolean',
  reduction: (value) =>
    ['auto', 'sum_over_batch_size', 'mean', 'mean_with_sample_weight'].includes(`${value}`),
  label_smoothing: (value) => typeof value === 'number' && value >= 0 && value < 1,
  axis: (value) => value === -1,
  delta: (value) => value === 1,
  dtype: (value) =>
    value === 'float32' || (isConfig(value) && isConfig(value.config) && value.config.name === 'float32'),
};

const isConfig = (value: unknown): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** A file may name anything, `constructor` too. */
const own = <V>(table: Readonly<Record<string, V>>, name: string): V | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
const plain = (name: string): string => name.toLowerCase().replaceAll('_', '');
const shown = (value: unknown): string => JSON.stringify(value).slice(0, 100);

/**
 * @param file where all of it stands, for messages
 * @param asked `--loss`
 * @param names of the model's outputs
 * @throws UserError if the file's loss is to be trained and cannot be
 */
export function chooseLoss(
  file: string,
  configs: TrainingConfigs,
  asked: LossOption | undefined,
  names: readonly string[] = ['output'],
): ChosenLoss {
  if (names.length > 1) return chooseLosses(file, configs, asked, names);
  const config =
    [configs.compile_config, configs.training_config, configs.trainingConfig].find(isConfig) ?? {};
  const { swarmgrad } = isConfig(configs.userDefinedMetadata) ? configs.userDefinedMetadata : {};
  const value = config.loss ?? (isConfig(swarmgrad) ? swarmgrad.loss : undefined);
  const notes = optimizerNotes(file, config);
  const named = isOwnLoss(asked) ? undefined : lossesAsked(asked, names)[0];
  if (value == null) return { loss: named, fromLogits: undefined, notes };
  const stored = lossOf(value);
  const ours = stored && own(OURS, plain(stored.said));
  const smoothing = Number(stored?.config.label_smoothing ?? 0);
  const unmet = ours ? unmetOf(stored, config.loss_weights) : `the loss ${stored?.said ?? shown(value)}`;
  if (asked) {
    const other =
      unmet ?? (smoothing ? `label_smoothing ${smoothing} of its loss ${stored!.said}` : undefined);
    if (ours !== asked || other)
      notes.push(
        `${file}: the model was compiled with ${other ?? `the loss ${stored!.said}`}: --loss ${asked} is used instead`,
      );
    return { loss: named, fromLogits: undefined, notes };
  }
  if (!ours || unmet) {
    throw new UserError(
      `${file}: the model was compiled with ${unmet}, which is not honored: give --loss (${LOSSES.join(', ')}, or a FILE.mjs)`,
      2,
    );
  }
  const withSmoothing = smoothing ? ` with label smoothing ${smoothing}` : '';
  notes.push(`${file}: the loss is ${ours}${withSmoothing}, as the model was compiled with`);
  // An export of ours ends as the model did that was trained.
  const says = value === config.loss && ours.endsWith('Crossentropy');
  const fromLogits = says ? stored.config.from_logits === true : undefined;
  return { loss: ours, fromLogits, ...(smoothing ? { labelSmoothing: smoothing } : {}), notes };
}

/** The same for each of several outputs: the file may have one loss for all, a list, or one by each name. */
function chooseLosses(
  file: string,
  configs: TrainingConfigs,
  asked: LossOption | undefined,
  names: readonly string[],
): ChosenLoss {
  const [where, config] =
    Object.entries(configs).find(([name, one]) => CONFIGS.has(name) && isConfig(one)) ?? [];
  const stored = (config ?? {}) as Config;
  const { swarmgrad } = isConfig(configs.userDefinedMetadata) ? configs.userDefinedMetadata : {};
  const ofExport = isConfig(swarmgrad) && Array.isArray(swarmgrad.outputs) ? swarmgrad.outputs : [];
  const byName = (what: string) =>
    Object.fromEntries(ofExport.filter(isConfig).map((output) => [output.name, output[what]]));
  const losses = partsOf(stored.loss ?? byName('loss'), names);
  const weights = partsOf(stored.loss_weights ?? byName('weight'), names);
  const perOutput = isOwnLoss(asked) ? names.map(() => undefined) : lossesAsked(asked, names);
  const each = names.map((name, at): ChosenLoss => {
    const own = where ? { [where]: { loss: losses[at] } } : { compile_config: { loss: losses[at] } };
    const chosen = chooseLoss(`${file}, output ${name}`, own, perOutput[at]);
    const weight = weights[at];
    if (weight != null && !(typeof weight === 'number' && weight >= 0))
      throw new UserError(
        `${file}: loss_weights ${shown(weight)} of output ${name} is no number of at least 0`,
        2,
      );
    return { ...chosen, ...(weight == null ? {} : { weight: weight as number }) };
  });
  const isWeighed = each.some(({ weight = 1 }) => weight !== 1);
  const told = each.map(({ weight = 1 }, at) => `${names[at]}=${weight}`).join(',');
  const notes = [
    ...optimizerNotes(file, stored),
    ...each.flatMap((one) => one.notes),
    ...(isWeighed
      ? [`${file}: losses count ${told}, as the model was compiled with (--loss-weights decides otherwise)`]
      : []),
  ];
  return { loss: undefined, fromLogits: undefined, each, notes };
}

const CONFIGS = new Set(['compile_config', 'training_config', 'trainingConfig']);

/** One for each output: in their order, by their names, or the same for all. */
function partsOf(value: unknown, names: readonly string[]): unknown[] {
  if (Array.isArray(value)) return names.map((_, at) => value[at]);
  // A loss with its options is an object too.
  if (isConfig(value) && value.class_name === undefined) return names.map((name) => own(value, name));
  return names.map(() => value);
}

/** What of the loss training does not honor. */
function unmetOf({ said, config }: StoredLoss, weights: unknown): string | undefined {
  for (const [name, option] of Object.entries(config))
    if (option != null && !own(HONORED, name)?.(option))
      return `${name} ${shown(option)} of its loss ${said}`;
  const each = isConfig(weights) ? Object.values(weights) : [weights].flat();
  const isWeighed = each.some((weight) => weight != null && weight !== 1);
  return isWeighed ? `loss_weights ${shown(weights)}` : undefined;
}

/** A name, a class with its options, a function by its name; or one of these for the model's one output. */
function lossOf(value: unknown): StoredLoss | undefined {
  if (typeof value === 'string') return { said: value, config: {} };
  if (isConfig(value) && typeof value.class_name === 'string') {
    if (value.class_name === 'function') return lossOf(value.config);
    return { said: value.class_name, config: isConfig(value.config) ? value.config : {} };
  }
  const each = isConfig(value) || Array.isArray(value) ? Object.values(value) : [];
  return each.length === 1 ? lossOf(each[0]) : undefined;
}

function optimizerNotes(file: string, config: Config): string[] {
  const stored = config.optimizer ?? config.optimizer_config;
  if (stored == null) return [];
  const { class_name, config: options } = isConfig(stored) ? stored : { class_name: stored, config: {} };
  const rate = isConfig(options) ? options.learning_rate : undefined;
  const said = `${typeof class_name === 'string' ? class_name : shown(class_name)}${rate == null ? '' : `, learning_rate ${shown(rate)}`}`;
  return [
    `${file}: the model was compiled with the optimizer ${said}: it is not taken over, --optimizer and --lr decide`,
  ];
}
