/** `--metrics`: names of ours, modules of the user's own, and functions of the program that starts the run. */
import { resolve } from 'node:path';
import { countedFor, type ExtraMetric, extraMetricNamed, METRICS } from '../../../../shared/data/metrics.js';
import { type Scored, scoreNames, type TracedFunction } from '../../../../shared/models/description.js';
import { MAX_SCORES } from '../../../../shared/protocol/sizes.js';
import { UserError } from '../../../../shared/user-error.js';
import { defaultExportOf } from '../../module/default-export.js';
import { isModule, type ModuleFile, type NamedFunction, type OwnFunction } from './own-function.js';

/** Numbers of samples by name, of which evaluations tell the mean; `true`: one of ours, by its name. */
export type OwnMetrics = Record<string, OwnFunction | true>;

/** How the option calls a function of a program. */
const OWN = 'own:';

interface Split {
  named: ExtraMetric[];
  modules: ModuleFile[];
  /** Names of functions of a program. */
  own: string[];
}

/** @returns undefined for a text that names something else */
export function splitMetrics(text: string): Split | undefined {
  const split: Split = { named: [], modules: [], own: [] };
  for (const part of new Set(text.split(','))) {
    const named = extraMetricNamed(part);
    if (named) split.named.push(named);
    else if (isModule(part)) split.modules.push(part);
    else if (part.startsWith(OWN) && isName(part.slice(OWN.length))) split.own.push(part.slice(OWN.length));
    else return undefined;
  }
  return split;
}

/** With absolute paths: they mean the same wherever they are read again. */
export const absoluteMetrics = (text: string): string =>
  text
    .split(',')
    .map((part) => (isModule(part) ? resolve(part) : part))
    .join(',');

/** What a program gives, as the option's text and its functions. @throws UserError */
export function metricsOfProgram(metrics: OwnMetrics): {
  text: string;
  functions: Record<string, OwnFunction>;
} {
  const functions: Record<string, OwnFunction> = {};
  const parts = Object.entries(metrics).map(([name, make]) => {
    if (make === true) return name;
    checkName('metrics', name, make);
    functions[name] = make;
    return `${OWN}${name}`;
  });
  return { text: parts.join(','), functions };
}

/** What engines are asked to count; undefined: nothing. */
export interface ScoreRequest extends Pick<Scored, 'top' | 'curve' | 'exact'>, Omit<Split, 'named'> {
  functions: Record<string, OwnFunction>;
}

/** @param monitor a figure that is scored as well */
export function scoreRequest(
  metrics: string | undefined,
  monitor: string | undefined,
  functions: Record<string, OwnFunction> = {},
): ScoreRequest | undefined {
  const {
    named = [],
    modules = [],
    own = [],
  } = (metrics === undefined ? undefined : splitMetrics(metrics)) ?? {};
  const watched = monitor === undefined ? undefined : extraMetricNamed(monitor);
  const counted = countedFor(watched ? [...named, watched] : named);
  const isNothing =
    counted.top.length + modules.length + own.length === 0 && !counted.curve && !counted.exact;
  return isNothing ? undefined : { ...counted, modules, own, functions };
}

/** Whether functions must be traced for it. */
export const needsTracing = (request: ScoreRequest | undefined): boolean =>
  request !== undefined && request.modules.length + Object.keys(request.functions).length > 0;

/**
 * @param before what the checkpoint of a run that goes on has
 * @param trace makes the graph of a function
 * @throws UserError for functions that cannot be had
 */
export async function scoredFor(
  request: ScoreRequest | undefined,
  before: Scored | undefined,
  trace: (own: NamedFunction) => TracedFunction,
): Promise<Scored | undefined> {
  if (!request) return undefined;
  const { top, curve, exact, modules, own, functions } = request;
  const traced = own.map((name) => {
    const make = functions[name];
    if (make) return trace({ called: `metrics.${name}`, name, make });
    const kept = before?.own.find((one) => one.name === name);
    if (kept) return kept;
    throw new UserError(
      `the metric ${name} is a function of a program: give it again, startCoordinator({ metrics, resume: true, ... })`,
      2,
    );
  });
  for (const file of modules) traced.push(...(await functionsOf(file)).map(trace));
  const scored: Scored = { top, curve, ...(exact && { exact }), own: traced };
  const names = scoreNames({ scored });
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new UserError(`--metrics: two metrics are called ${twice}: call one otherwise`, 2);
  if (names.length > MAX_SCORES)
    throw new UserError(`--metrics: ${names.length} metrics are counted, at most ${MAX_SCORES} can be`, 2);
  return scored;
}

async function functionsOf(file: ModuleFile): Promise<NamedFunction[]> {
  const called = `--metrics ${file}`;
  const given = await defaultExportOf('--metrics', file);
  if (typeof given !== 'object' || given === null || Object.keys(given).length === 0)
    throw new UserError(
      `${called}: the module must export functions by their names as its default: export default { name: ({ tf }) => (yTrue, yPred) => a number for each sample }`,
      2,
    );
  return Object.entries(given).map(([name, make]) => {
    checkName(called, name, make);
    return { called: `${called}: ${name}`, name, make: make as OwnFunction };
  });
}

/** They stand beside others in lines of metrics.jsonl, and in columns. */
const isName = (name: string): boolean => /^[A-Za-z][A-Za-z0-9_]{0,39}$/.test(name);
const TAKEN = new Set([
  ...['type', 'set', 'step', 'epoch', 'loss', 'accuracy', 'meanAbsoluteError', 'samples', 'time', 'own'],
  ...['learningRate', 'gradientNorm', 'metric', 'metrics', 'by'],
  ...Object.values(METRICS).map(({ key }) => key),
]);

function checkName(called: string, name: string, make: unknown): void {
  if (!isName(name))
    throw new UserError(
      `${called}: a metric cannot be called ${JSON.stringify(name)}: letters, digits and _ make a name, a letter first, at most 40`,
      2,
    );
  if (TAKEN.has(name) || extraMetricNamed(name))
    throw new UserError(`${called}: ${name} is another figure of a run: call the metric otherwise`, 2);
  if (typeof make !== 'function')
    throw new UserError(
      `${called}: ${name} must be a function, ({ tf }) => (yTrue, yPred) => a number for each sample`,
      2,
    );
}
