/** Curves to take away: as rows for spreadsheets and programs, and as a picture. */

import { xOf } from './axis/x-axis.js';
import type { CurveRun, Quantity } from './curve-data.js';

export interface Row {
  run: string;
  step: number;
  samples: number;
  epoch: number | null;
  seconds: number;
  mean: number;
  min: number;
  max: number;
  /** Of the evaluation after this step; null where there was none. */
  evaluated: number | null;
}

/** What a chart shows, in steps as fine as it has them; an evaluation between two steps has a row of its own. */
export function rowsOf(runs: readonly CurveRun[], quantity: Quantity): Row[] {
  return runs.flatMap((run): Row[] => {
    const { curve, evaluations } = run.view;
    const { mean, min, max } = curve[quantity];
    const isEvaluated = quantity === 'loss' || quantity === 'metric';
    const tests = new Map(
      isEvaluated ? evaluations.step.map((step, i) => [step, evaluations[quantity].mean[i]!]) : [],
    );
    const at = new Map(curve.step.map((step, i) => [step, i]));
    const steps = [...new Set([...curve.step, ...tests.keys()])].sort((a, b) => a - b);
    return steps.map((step) => {
      const i = at.get(step) ?? -1;
      return {
        run: run.name,
        step,
        samples: Math.round(xOf(run, 'samples', step)),
        epoch: run.stepsPerEpoch === null ? null : xOf(run, 'epoch', step),
        seconds: xOf(run, 'time', step),
        mean: mean[i] ?? Number.NaN,
        min: min[i] ?? Number.NaN,
        max: max[i] ?? Number.NaN,
        evaluated: tests.get(step) ?? null,
      };
    });
  });
}

/** As RFC 4180 has it; a name that a spreadsheet would compute is text. */
export function csvOf(rows: readonly Row[]): string {
  const names = ['run', 'step', 'samples', 'epoch', 'seconds', 'mean', 'min', 'max', 'evaluated'] as const;
  const cell = (value: string | number | null) => {
    if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
    const text = /^[=+\-@\t\r]/.test(value ?? '') ? `'${value}` : (value ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names.join(), ...rows.map((row) => names.map((name) => cell(row[name])).join())]
    .map((line) => `${line}\r\n`)
    .join('');
}

/** A number that is none is null, as JSON has it. */
export const jsonOf = (rows: readonly Row[]): string => `${JSON.stringify(rows)}\n`;

/** A chart's canvas on its page's background, under its title. @param color resolves a CSS variable */
export function pictureOf(
  chart: HTMLCanvasElement,
  title: string,
  color: (name: string) => string,
): Promise<Blob | null> {
  const ratio = window.devicePixelRatio || 1;
  const head = 32 * ratio;
  const picture = document.createElement('canvas');
  picture.width = chart.width;
  picture.height = chart.height + head;
  const context = picture.getContext('2d')!;
  context.fillStyle = color('card');
  context.fillRect(0, 0, picture.width, picture.height);
  context.fillStyle = color('ink');
  context.font = `600 ${14 * ratio}px system-ui, sans-serif`;
  context.textBaseline = 'middle';
  context.fillText(title, 12 * ratio, head / 2 + 2 * ratio);
  context.drawImage(chart, 0, head);
  return new Promise((resolve) => picture.toBlob(resolve, 'image/png'));
}

/** Has the browser keep a file. */
export function save(name: string, content: Blob | string, type: string): void {
  const url = URL.createObjectURL(typeof content === 'string' ? new Blob([content], { type }) : content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
