/**
 * Holds a topology against the list of what training honors (options.ts): a layer, an option or a value that would
 * be ignored is told by its name before anything is built, since TF.js drops what it does not know without a word.
 */
import { UserError } from '../../../../shared/user-error.js';
import {
  ACTIVATIONS,
  COMMON_OPTIONS,
  CONSTRAINTS,
  CONTAINERS,
  INITIALIZERS,
  LAYER_OPTIONS,
  LEFT_OUT,
  type Only,
  REGULARIZERS,
} from './options.js';
import type { Topology } from './topology-json.js';

/** A layer of a topology, with the way to it. */
export interface StoredLayer {
  className: string;
  config: Record<string, unknown>;
  /** The layer's name in messages: `layer 2 "rnn" (LSTM)`, counted from 1 within the layer or model around it. */
  title: string;
}

/**
 * @param isKnown whether TF.js has a class of that name: a program's own layer, of which no option is known
 * @throws UserError naming the layer, its place, the option, and what to do
 */
export function checkLayers(topology: Topology, isKnown: (className: string) => boolean): void {
  for (const layer of layersOf(topology)) checkLayer(layer, isKnown);
}

/** All layers, those within models, wrappers and cells too; those that hold others come before them. */
export function layersOf(topology: unknown, within = ''): StoredLayer[] {
  const model = partsOf(topology);
  if (!model) return [];
  const entries = Array.isArray(model.config) ? model.config : (model.config.layers as unknown);
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry, at) => withInner(entry, `layer ${at + 1}`, within));
}

function withInner(entry: unknown, place: string, within: string): StoredLayer[] {
  const parts = partsOf(entry);
  if (!parts) return [];
  const { className, config } = parts;
  const inside = within && ` in ${within}`;
  if (isContainer(className)) {
    const name = Array.isArray(config) ? '' : ` "${config.name}"`;
    return layersOf(entry, `${place}${name} (${className})${inside}`);
  }
  const own = config as Record<string, unknown>;
  const title = `${place} "${own.name}" (${className})${inside}`;
  const cells = [own.cell, own.cells].flat();
  const inner = [own.layer, own.backward_layer].flatMap((layer) =>
    isContainer(partsOf(layer)?.className) ? layersOf(layer, title) : withInner(layer, 'layer', title),
  );
  return [
    { className, config: own, title },
    ...inner,
    ...cells.flatMap((cell) => withInner(cell, 'cell', title)),
  ];
}

const isContainer = (className: string | undefined): boolean =>
  (CONTAINERS as readonly (string | undefined)[]).includes(className);

/** Names and options as TF.js's own files have them: with underscores. */
function partsOf(
  entry: unknown,
): { className: string; config: Record<string, unknown> | unknown[] } | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { class_name, className = class_name, config } = entry as Record<string, unknown>;
  if (typeof className !== 'string' || typeof config !== 'object' || config === null) return undefined;
  if (Array.isArray(config)) return { className, config };
  const named = Object.entries(config).map(([name, value]) => [underscored(name), value]);
  return { className, config: Object.fromEntries(named) };
}

const underscored = (name: string): string =>
  name.replace(/([a-z0-9])([A-Z])/g, (_, before, capital) => `${before}_${capital.toLowerCase()}`);

function checkLayer({ className, config, title }: StoredLayer, isKnown: (name: string) => boolean): void {
  const options = LAYER_OPTIONS[className];
  if (!options) {
    if (isKnown(className) && !(LEFT_OUT as readonly string[]).includes(className)) return;
    const known = Object.keys(LAYER_OPTIONS).join(', ');
    throw refusal(title, 'there is no such layer here', `use some of ${known}`);
  }
  for (const [name, value] of Object.entries(config)) {
    const rule = options[name] ?? COMMON_OPTIONS[name] ?? NOT_KNOWN;
    if (value === null || value === undefined) continue;
    if (rule !== 'honored') checkValue(title, name, name === 'dtype' ? dtypeOf(value) : value, rule);
    if (/^(recurrent_)?activation$/.test(name) && !isKnownPart(value, isKnown))
      checkClass(title, name, value, ACTIVATIONS);
    if (name.endsWith('_initializer') && !isKnownPart(value, isKnown))
      checkClass(title, name, value, INITIALIZERS);
    if (name.endsWith('_constraint')) checkClass(title, name, value, CONSTRAINTS);
    if (name.endsWith('_regularizer')) checkClass(title, name, value, REGULARIZERS);
    if (name === 'batch_input_shape' || name === 'batch_shape') checkBatch(title, name, value);
  }
}

/** A program's own activation or initializer. */
function isKnownPart(value: unknown, isKnown: (className: string) => boolean): boolean {
  const found = typeof value === 'string' ? value : partsOf(value)?.className;
  return found !== undefined && isKnown(found);
}

/** Newer files name a policy. */
function dtypeOf(value: unknown): unknown {
  const config = partsOf(value)?.config;
  return config && !Array.isArray(config) ? config.name : value;
}

const NOT_KNOWN: Only = { only: [] };

function checkValue(title: string, name: string, value: unknown, { only, remedy }: Only): void {
  if (only.some((allowed) => JSON.stringify(allowed) === JSON.stringify(value))) return;
  const what = `${name} = ${JSON.stringify(value)} would be ignored`;
  const allowed = only.map((one) => JSON.stringify(one)).join(' or ');
  throw refusal(title, what, remedy ?? (allowed ? `give ${allowed}` : 'leave it out'));
}

function checkClass(title: string, name: string, value: unknown, known: readonly string[]): void {
  const found = typeof value === 'string' ? value : partsOf(value)?.className;
  const same = (a: string) =>
    a.toLowerCase().replaceAll('_', '') === found?.toLowerCase().replaceAll('_', '');
  if (known.some(same)) return;
  throw refusal(title, `${name} = ${JSON.stringify(value)} is unknown`, `give one of ${known.join(', ')}`);
}

function checkBatch(title: string, name: string, value: unknown): void {
  const [batch] = Array.isArray(value) ? value : [];
  if (batch === null || batch === undefined) return;
  throw refusal(
    title,
    `${name} = ${JSON.stringify(value)} fixes the number of samples`,
    'give null in its first place, since shards have different numbers of samples',
  );
}

const refusal = (title: string, what: string, remedy: string): UserError =>
  new UserError(`the model's ${title}: ${what}: change the model (${remedy})`, 2);
