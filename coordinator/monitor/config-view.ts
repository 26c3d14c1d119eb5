/** With what a run was started, option by option, and the command that trains the same again. */
import type { OptionSpec } from '../../shared/options/option.js';
import { flagOf } from '../../shared/options/read-options.js';
import type { ConfigView } from '../../shared/status/monitoring.js';
import { COORDINATOR_OPTIONS, type CoordinatorOptions } from '../options/options.js';
import { isOwnData } from '../prepare/data/arrays/own/own-name.js';

/** Of one machine and one folder: another run has its own. */
const NOT_REPEATED = ['runDir', 'resumeLr', 'tokens', 'tlsCert', 'tlsKey'];

export function configView(configuration: CoordinatorOptions): ConfigView {
  const stored = Object.entries<OptionSpec<unknown>>(COORDINATOR_OPTIONS).filter(
    ([, { scope }]) => scope !== 'call',
  );
  const options = stored.map(([name, spec]) => ({
    flag: flagOf(name),
    value: plain(configuration[name as keyof CoordinatorOptions]),
    usual: plain(spec.default),
    otherwise: spec.otherwise ?? '',
    meaning: spec.meaning,
    isResult: spec.scope === 'result',
  }));
  return { options, command: commandOf(stored, configuration) };
}

/** Empty where a program has given its own data, model or loss: no command has them. */
function commandOf(stored: [string, OptionSpec<unknown>][], configuration: CoordinatorOptions): string {
  const { data, model, loss, metrics } = configuration;
  if (isOwnData(data) || [model, loss, metrics].some((value) => /^function\b/.test(value ?? ''))) return '';
  const given = stored.flatMap(([name, { default: usual }]) => {
    const value = plain(configuration[name as keyof CoordinatorOptions]);
    // Those that decide the weights are told even where they are what a model has usually.
    if (value === null || value === false || value === usual || NOT_REPEATED.includes(name)) return [];
    return value === true ? [flagOf(name)] : [flagOf(name), quoted(String(value))];
  });
  return ['npx swarmgrad coordinator', ...given].join(' ');
}

const plain = (value: unknown) =>
  value === undefined || value === null ? null : (value as string | number | boolean);

/** As a shell takes it for one word. */
const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
