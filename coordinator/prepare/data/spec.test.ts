/** Whatever a file or a column is called, a data spec can name it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { escapedName, parseSpec, withPaths } from './spec.js';

const optionsOf = (scheme: string) =>
  scheme === 'csv' ? { known: ['label', 'drop', 'testfile', 'normalize'], paths: ['testfile'] } : undefined;
const parse = (spec: string) => parseSpec(spec, optionsOf);

it('any name can be given, alone and in a list', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ minLength: 1 }), (a, b) => {
      const { options } = parse(`csv:f.csv?label=${escapedName(a)}&drop=${escapedName(b)},${escapedName(a)}`);
      expect(options.get('label')).toBe(a);
      expect(options.list('drop')).toEqual([b, a]);
      const { options: columns } = parse(`csv:f.csv?normalize=none,${escapedName(a)}:standard`);
      expect(columns.pairs('normalize')).toEqual([
        { key: 'none', value: undefined },
        { key: a, value: 'standard' },
      ]);
    }),
  );
});

it('any path stays itself, made absolute or not, once and again', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ minLength: 1 }), (path, test) => {
      const spec = withPaths(`csv:x?testfile=y&label=a+b`, optionsOf, (given) =>
        given === 'x' ? path : test,
      );
      expect(parse(spec).path).toBe(path);
      expect(parse(spec).options.get('testfile')).toBe(test);
      expect(parse(spec).options.get('label')).toBe('a+b');
      expect(withPaths(spec, optionsOf, (given) => given)).toBe(spec);
    }),
  );
});

it.each([
  ['csv:what?.csv?label=y', 'what?.csv'],
  ['csv:what%3F.csv?label=y', 'what?.csv'],
  ['csv:a#b c.csv', 'a#b c.csv'],
  ['csv:100%.csv?label=y', '100%.csv'],
  ['csv:50%25.csv', '50%.csv'],
  ['csv:C:/data/x.csv?label=y', 'C:/data/x.csv'],
])('%s means the file %s', (spec, path) => {
  expect(parse(spec).path).toBe(path);
});

it.each([
  ['a+b', 'a+b'],
  ['a%2Bb', 'a+b'],
  ['50%', '50%'],
  ['a%26b', 'a&b'],
  ['a=b', 'a=b'],
  ['d%C3%BCren', 'düren'],
])('label=%s means the column %s', (raw, name) => {
  expect(parse(`csv:f.csv?label=${raw}`).options.get('label')).toBe(name);
});

it('a special character that stands bare is told with the rule', () => {
  expect(() => parse('csv:f.csv?label=a&b')).toThrow(
    'unknown option b; known are label, drop, testfile, normalize; in names, % is written %25, ? %3F, & %26',
  );
  expect(() => parse('csv:f.csv?label=d%FCren').options.get('label')).toThrow('%FC is not a UTF-8 character');
  expect(() => parse('csv:f.csv?label=a&label=b')).toThrow('option label is given twice');
});
