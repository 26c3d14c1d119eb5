import { expect, it } from 'vitest';
import { readOptions } from '../../shared/options/read-options.js';
import { COORDINATOR_OPTIONS } from '../options/options.js';
import { configure } from '../setup/configure.js';
import { configView } from './config-view.js';

it('tells each option with its usual value, and a command that trains the same again', () => {
  const { options, command } = configView(
    configure({ data: "csv:it's.csv?label=y", model: 'mlp:8', epochs: 2, seed: 7, runDir: '/runs/one' }),
  );
  const of = (flag: string) => options.find((option) => option.flag === flag);
  expect(of('--seed')).toMatchObject({ value: 7, isResult: true });
  expect(of('--steps')).toMatchObject({ value: null, usual: null });
  expect(of('--linger')).toBeUndefined();
  expect(command).toMatch(/^npx swarmgrad coordinator --data 'csv:it'\\''s.csv\?label=y' --model mlp:8 /);
  expect(command).toMatch(/ --epochs 2( |$)/);
  expect(command).toMatch(/ --seed 7( |$)/);
  expect(command).not.toMatch(/run-dir|--steps|undefined|null/);
});

it('has a command that reads back as the same configuration', () => {
  const given = configure({
    model: 'cnn',
    epochs: 2,
    optimizer: 'sgd',
    nesterov: true,
    patience: 3,
    validation: 0.1,
  });
  for (const configuration of [given, configure({}), configure({ robust: 'median', shards: 'auto' })]) {
    const { command } = configView(configuration);
    const flags = [...command.matchAll(/--([a-z-]+)(?: (?!--)(\S+))?/g)].map(([, name, value]) => [
      name!.replace(/-./g, ([, letter]) => letter!.toUpperCase()),
      value ?? true,
    ]);
    const read = readOptions(COORDINATOR_OPTIONS, Object.fromEntries(flags), 'flag');
    expect(configure(read)).toEqual(configuration);
  }
});

it('has no command where a program gave the model', () => {
  expect(configView(configure({ model: 'function' })).command).toBe('');
});
