import { describe, expect, it } from 'vitest';
import { predictionLines } from './prediction-text.js';

const style = { json: false, top: 1, hasFiles: false };
const classes = { kind: 'class', classes: 3, names: ['plain', 'with, comma', 'with "quotes"'] } as const;
const label = { ...classes, names: [...classes.names] };

describe('predictions of classes', () => {
  it('are the likeliest one with its probability', () => {
    const { head, line } = predictionLines([{ label, outputs: 1 }], style);
    expect(head).toBe('row,class,probability');
    expect(line(undefined, 4, [0.1, 0.7, 0.2])).toBe('4,"with, comma",0.7');
  });

  it('are the likeliest ones in their order, and no more than there are', () => {
    const { head, line } = predictionLines([{ label, outputs: 1 }], { ...style, top: 9, hasFiles: true });
    expect(head).toBe('file,row,class,probability,class_2,probability_2,class_3,probability_3');
    expect(line('a.csv', 1, [0.123456789, 0.3, 0.57])).toBe(
      'a.csv,1,"with ""quotes""",0.57,"with, comma",0.3,plain,0.123457',
    );
  });

  it('are objects of JSON, and go by their numbers where they have no names', () => {
    const { head, line } = predictionLines([{ label: { kind: 'class', classes: 2 }, outputs: 1 }], {
      ...style,
      json: true,
      top: 2,
    });
    expect(head).toBeUndefined();
    expect(JSON.parse(line(undefined, 1, [0.25, 0.75]))).toEqual({
      row: 1,
      class: '1',
      probability: 0.75,
      top: [
        { class: '1', probability: 0.75 },
        { class: '0', probability: 0.25 },
      ],
    });
  });
});

describe('predictions of several classes at once', () => {
  const several = { ...label, kind: 'multilabel' as const };

  it('are those above one half, and the probability of each', () => {
    const { head, line } = predictionLines([{ label: several, outputs: 3 }], style);
    expect(head).toBe('row,classes,plain,"with, comma","with ""quotes"""');
    expect(line(undefined, 4, [0.9, 0.5, 0.75])).toBe('4,"plain|with ""quotes""",0.9,0.5,0.75');
    expect(line(undefined, 5, [0.1, 0.2, 0.3])).toBe('5,,0.1,0.2,0.3');
  });

  it('are objects of JSON', () => {
    const { line } = predictionLines([{ label: { kind: 'multilabel', classes: 2 }, outputs: 2 }], {
      ...style,
      json: true,
    });
    expect(JSON.parse(line(undefined, 1, [0.25, 0.75]))).toEqual({
      ...{ row: 1, classes: ['1'] },
      probabilities: { 0: 0.25, 1: 0.75 },
    });
  });
});

describe('predictions of numbers', () => {
  it('have the seven digits of float32', () => {
    const { head, line } = predictionLines([{ label: { kind: 'value' }, outputs: 1 }], style);
    expect(head).toBe('row,prediction');
    expect(line(undefined, 2, [244880.953125])).toBe('2,244881');
  });

  it('may be several for a row', () => {
    const two = predictionLines([{ label: { kind: 'value' }, outputs: 2 }], style);
    expect([two.head, two.line(undefined, 1, [1, -2])]).toEqual(['row,prediction_1,prediction_2', '1,1,-2']);
    const { line } = predictionLines([{ label: { kind: 'value' }, outputs: 2 }], {
      ...style,
      json: true,
      hasFiles: true,
    });
    expect(line('-', 1, [1, -2])).toBe('{"file":"-","row":1,"prediction":[1,-2]}');
  });
});

it('predictions of several outputs stand side by side, each under its name', () => {
  const outputs = [
    { name: 'kind', label, outputs: 1 },
    { name: 'age', label: { kind: 'value' as const }, outputs: 1 },
  ];
  const { head, line } = predictionLines(outputs, style);
  expect(head).toBe('row,kind_class,kind_probability,age_prediction');
  expect(line(undefined, 1, [0.7, 0.2, 0.1, 20.5])).toBe('1,plain,0.7,20.5');
  const json = predictionLines(outputs, { ...style, json: true });
  expect(JSON.parse(json.line(undefined, 1, [0.7, 0.2, 0.1, 20.5]))).toEqual({
    ...{ row: 1, kind: { class: 'plain', probability: 0.7 }, age: { prediction: 20.5 } },
  });
});
