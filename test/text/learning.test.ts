/** Whole runs on a text that repeats itself, by the command line: models of text learn, and then write. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { coordinator, summaryOf, swarmgrad, temporaryFolder } from '../support/cluster.js';

const SENTENCE = 'the quick brown fox jumps over the lazy dog. ';

/** Text on standard output. */
async function generate(runDir: string, ...options: string[]): Promise<string> {
  const program = swarmgrad('generate', runDir, ...options);
  expect(await program.ended, program.stderr).toBe(0);
  return program.stdout;
}

describe.each([
  ['gpt:1,32,2', '0.01'],
  ['lstm:32', '0.01'],
])('%s on a sentence said again and again', { timeout: 120_000 }, (model, learningRate) => {
  it('learns it by heart, writes it, and writes the same for the same seed', async () => {
    const runDir = await temporaryFolder();
    const file = join(runDir, 'text.txt');
    writeFileSync(file, SENTENCE.repeat(60));
    const { program } = await coordinator(
      join(runDir, 'run'),
      ...['--data', `text:${file}?length=16&stride=7`, '--model', model, '--lr', learningRate],
      ...['--batch-size', '32', '--epochs', '20', '--seed', '3', '--local-workers', '1'],
      ...['--local-engine', 'eager/wasm'],
    );
    expect(await program.ended, program.stderr).toBe(0);
    const { test } = await summaryOf(join(runDir, 'run'));
    // Windows begin everywhere in the sentence, as 7 and 45 have no common factor.
    // The first characters of a window leave open where in the sentence it stands: about 0.1 remains.
    expect(test!.loss).toBeLessThan(0.3);
    expect(test!.accuracy).toBeGreaterThan(0.9);

    const prompt = 'the quick brown ';
    const recited = await generate(
      join(runDir, 'run'),
      '--prompt',
      prompt,
      '--length',
      '74',
      '--temperature',
      '0',
    );
    expect(recited).toBe(`${SENTENCE.repeat(2)}\n`);
    const daring = ['--prompt', 't', '--length', '60', '--temperature', '3'];
    const once = await generate(join(runDir, 'run'), ...daring, '--seed', '1');
    expect([...once]).toHaveLength(62);
    expect(await generate(join(runDir, 'run'), ...daring, '--seed', '1')).toBe(once);
    expect(await generate(join(runDir, 'run'), ...daring, '--seed', '2')).not.toBe(once);

    const unknown = swarmgrad('generate', join(runDir, 'run'), '--prompt', 'Ä');
    expect(await unknown.ended).toBe(2);
    expect(unknown.stderr).toBe(`swarmgrad: the prompt has "Ä", which is not in the model's text\n`);
  });
});

it('generate tells of a run that is not one on text', { timeout: 60_000 }, async () => {
  const runDir = await temporaryFolder();
  const data = ['--data', 'digits?train=64&test=16', '--model', 'linear', '--steps', '1'];
  const { program } = await coordinator(join(runDir, 'run'), ...data, '--local-workers', '1');
  expect(await program.ended).toBe(0);
  const refused = swarmgrad('generate', join(runDir, 'run'));
  expect(await refused.ended).toBe(2);
  expect(refused.stderr).toBe(
    'swarmgrad: linear was not trained on text: generate needs a run with --data text:FILE\n',
  );
});

describe('a model that does not fit', () => {
  it.each([
    [['--model', 'gpt'], 'needs text (--data text:FILE), the data has shape [28,28,1]'],
    [['--data', 'TEXT', '--model', 'mlp'], 'such as gpt or lstm, not ['],
    [['--data', 'TEXT', '--model', 'gpt:1,30,4'], 'the width 30 must be a multiple of the 4 heads'],
    [['--data', 'TEXT', '--model', 'lstm:x'], 'x is no number of units'],
  ])('%j is refused in words', { timeout: 60_000 }, async (options, message) => {
    const runDir = await temporaryFolder();
    const file = join(runDir, 'text.txt');
    writeFileSync(file, SENTENCE.repeat(60));
    const given = options.map((option) => (option === 'TEXT' ? `text:${file}` : option));
    const program = swarmgrad('coordinator', '--port', '0', '--run-dir', join(runDir, 'run'), ...given);
    expect(await program.ended).toBe(2);
    expect(program.stderr).toContain(message);
  });
});
