/** Whole runs on a text that repeats itself: models of text learn, and then write. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { summaryOf, temporaryFolder } from '../support/cluster/cluster.js';
import { commandHere, coordinatorHere, printedHere } from '../support/cluster/here.js';
import { smallRun } from '../support/cluster/small-run.js';
import { temporaryFolder as temporaryFolderOfFile } from '../support/files/temporary-folder.js';

const SENTENCE = 'the quick brown fox jumps over the lazy dog. ';

const generate = (runDir: string, ...options: string[]) => printedHere('generate', runDir, ...options);

const MODELS = ['gpt:1,32,2', 'lstm:32'];
const folder = temporaryFolderOfFile();

let made: Promise<Map<string, string>> | undefined;
/** The folder of the run of each model, made once and at the same time. */
const runs = () => (made ??= Promise.all(MODELS.map(learn)).then((entries) => new Map(entries)));

async function learn(model: string): Promise<[string, string]> {
  const runDir = join(folder, model);
  const file = join(folder, 'text.txt');
  writeFileSync(file, SENTENCE.repeat(60));
  const learning = await coordinatorHere(
    runDir,
    ...['--data', `text:${file}?length=16&stride=7`, '--model', model, '--lr', '0.01'],
    ...['--batch-size', '32', '--epochs', '20', '--seed', '3'],
    ...['--local-lanes', '1', '--local-engine', 'compiled/cpu'],
  );
  expect(await learning.program.ended, learning.program.stderr).toBe(0);
  return [model, runDir];
}

describe('a sentence said again and again', () => {
  it.each(MODELS)('is learned by heart by %s, and written', async (model) => {
    const runDir = (await runs()).get(model)!;
    const { test } = await summaryOf(runDir);
    // Windows begin everywhere in the sentence, as 7 and 45 have no common factor.
    // The first characters of a window leave open where in the sentence it stands: about 0.1 remains.
    expect(test!.loss).toBeLessThan(0.3);
    expect(test!.accuracy).toBeGreaterThan(0.9);
    const beginning = ['--prompt', 'the quick brown ', '--length', '74', '--temperature', '0'];
    expect(await generate(runDir, ...beginning)).toBe(`${SENTENCE.repeat(2)}\n`);
  });

  it('is written the same for the same seed, and otherwise for another', async () => {
    const runDir = (await runs()).get(MODELS[0]!)!;
    const daring = ['--prompt', 't', '--length', '60', '--temperature', '3', '--seed'];
    const said: string[] = [];
    for (const seed of ['1', '1', '2']) said.push(await generate(runDir, ...daring, seed));
    const [once, again, other] = said;
    expect([...once!]).toHaveLength(62);
    expect(again).toBe(once);
    expect(other).not.toBe(once);
  });

  it('goes not on from what the model cannot read, in words', async () => {
    const unknown = await commandHere('generate', (await runs()).get(MODELS[1]!)!, '--prompt', 'Ä');
    expect(unknown.code).toBe(2);
    expect(unknown.err).toBe(`swarmgrad: the prompt has "Ä", which is not in the model's text\n`);
  });
});

it('generate tells of a run that is not one on text', async () => {
  const run = await smallRun({ steps: 1, epochs: undefined });
  run.work();
  await run.finished;
  const refused = await commandHere('generate', run.runDir);
  expect(refused.code).toBe(2);
  expect(refused.err).toBe(
    'swarmgrad: linear was not trained on text: generate needs a run with --data text:FILE\n',
  );
});

describe('a model that does not fit', () => {
  it.each([
    [['--model', 'gpt'], 'needs text (--data text:FILE), the data has shape [28,28,1]'],
    [['--data', 'TEXT', '--model', 'mlp'], 'such as gpt or lstm, not ['],
    [['--data', 'TEXT', '--model', 'gpt:1,30,4'], 'the width 30 must be a multiple of the 4 heads'],
    [['--data', 'TEXT', '--model', 'lstm:x'], 'x is not a number of units'],
  ])('%j is refused in words', async (options, message) => {
    const runDir = await temporaryFolder();
    const file = join(runDir, 'text.txt');
    writeFileSync(file, SENTENCE.repeat(60));
    const given = options.map((option) => (option === 'TEXT' ? `text:${file}` : option));
    const refused = await commandHere(
      'coordinator',
      '--port',
      '0',
      '--run-dir',
      join(runDir, 'run'),
      ...given,
    );
    expect(refused.code).toBe(2);
    expect(refused.err).toContain(message);
  });
});
