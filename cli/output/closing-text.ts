/** The text at the end of a run: how good it is, where its files are, how to continue it. */

import { resumeCommand, runFolder } from '../../coordinator/record/folder/run-folder.js';
import type { Scores, Summary } from '../../coordinator/record/folder/summary.js';
import { count, duration, percent, significant } from './format.js';

export function closingText(summary: Summary, runDir: string): string {
  const { status, steps, samplesTrained, seconds, test, validation, best, stoppedEarly } = summary;
  const { dir, model } = runFolder(runDir);
  const lines = [
    `${status} after ${count(steps)} steps, ${count(samplesTrained)} samples, ${duration(seconds)}`,
  ];
  if (stoppedEarly) lines.push(stoppedEarly);
  if (validation)
    lines.push(`validation set: ${scoreText(validation)} on ${count(validation.samples)} samples`);
  if (test)
    lines.push(`test set: ${scoreText(test)} on ${count(test.samples)} samples${afterText(test.step)}`);
  if (status === 'finished')
    lines.push(`model:    ${model}${best?.weightsSha256 ? `, of step ${best.step}` : ''}`);
  lines.push(`run:      ${dir}`);
  if (status === 'stopped') lines.push(`go on:    ${resumeCommand(dir)}`);
  return lines.join('\n');
}

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
