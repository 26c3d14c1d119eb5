/** The text at the end of a run: how good it is, where its files are, how to continue it. */

import { resumeCommand, runFolder } from '../../coordinator/record/folder/run-folder.js';
import type { Scores, Summary } from '../../coordinator/record/folder/summary.js';
import { bestText, bitsText, healthWord } from '../../shared/status/told-figures.js';
import { count, duration, percent, significant } from './format.js';

export function closingText(summary: Summary, runDir: string): string {
  const { status, steps, updates, samplesTrained, seconds, test, validation, best, stoppedEarly } = summary;
  const { health, reproducible, weightsSha256, train } = summary;
  const { dir, model } = runFolder(runDir);
  const lines = [
    `${status} after ${doneText(steps, updates)}, ${count(samplesTrained)} samples, ${duration(seconds)}`,
  ];
  if (stoppedEarly) lines.push(stoppedEarly);
  if (health && health.state !== 'ok' && status !== 'failed')
    lines.push(`${healthWord(health)}: ${health.reason}`);
  if (train) lines.push(`training set, last epoch: ${scoreText(train)}`);
  if (validation)
    lines.push(`validation set: ${scoreText(validation)} on ${count(validation.samples)} samples`);
  if (test)
    lines.push(
      `test set: ${scoreText(test)} on ${count(test.samples)} samples${afterText(test.step)}${best ? `; ${bestText(best)}` : ''}`,
    );
  if (status === 'finished')
    lines.push(`model:    ${model}${best?.weightsSha256 ? `, of step ${best.step}` : ''}`);
  lines.push(`run:      ${dir}`);
  lines.push(`bits:     ${bitsText(reproducible, true)}, SHA-256 ${weightsSha256}; ${reproducible.why}`);
  if (status === 'stopped') lines.push(`go on:    ${resumeCommand(dir)}`);
  return lines.join('\n');
}

const doneText = (steps: number, updates: number | undefined): string =>
  updates === undefined ? `${count(steps)} steps` : `${count(steps)} rounds (${count(updates)} steps)`;

const afterText = (step: number | undefined): string =>
  step === undefined ? '' : `, after ${count(step)} steps`;

function scoreText({ accuracy, meanAbsoluteError, loss, metrics = {} }: Scores): string {
  const metric =
    accuracy !== undefined
      ? `accuracy ${percent(accuracy)}`
      : `mean absolute error ${significant(meanAbsoluteError ?? Number.NaN)}`;
  const more = Object.entries(metrics).map(([name, value]) => `, ${name} ${significant(value)}`);
  return `${metric}, loss ${significant(loss)}${more.join('')}`;
}
