/** Records are those that csv-parse cuts of the whole text, wherever the text falls into pieces. */
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LineCutter } from './lines.js';

interface Found {
  fields: string[];
  line: number;
}

/** @param cuts where a piece ends */
function cut(text: string, delimiter: string, cuts: number[], skip = 0): Found[] | string {
  const found: Found[] = [];
  let fields: string[] = [];
  const lines = new LineCutter('FILE', delimiter, skip, {
    field: (text, from, to) => fields.push(text.slice(from, to).trim()),
    end: (line) => {
      found.push({ fields, line });
      fields = [];
    },
  });
  try {
    let from = 0;
    for (const to of [...cuts.filter((at) => at < text.length), text.length].sort((a, b) => a - b)) {
      lines.push(text.slice(from, to));
      from = to;
    }
    lines.end();
  } catch (error) {
    return (error as Error).message.replace(/ \(or no table.*?\):/s, ':');
  }
  return found;
}

function reference(text: string, delimiter: string): Found[] | undefined {
  try {
    const records = parse(text, {
      ...{ delimiter, record_delimiter: ['\r\n', '\n', '\r'], trim: true },
      ...{ skip_empty_lines: true, info: true, relax_column_count: true },
    }) as unknown as { record: string[]; info: { lines: number } }[];
    // Within quotes, csv-parse counts \r\n twice.
    let twice = 0;
    return records.map(({ record, info }) => {
      twice += record.join('|').split('\r\n').length - 1;
      return { fields: record.map((field) => field.trim()), line: info.lines - twice };
    });
  } catch {
    return undefined;
  }
}

const piece = fc.constantFrom(
  'a',
  '1.5',
  ' ',
  '\n',
  '\r\n',
  '\r',
  ',',
  ';',
  '\t',
  '"',
  '""',
  '"x, y"',
  '"p\nq"',
  'ö',
);

it('are the same in any pieces, with quotes, blanks and line ends of all kinds', () => {
  let sound = 0;
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 30 }).map((parts) => parts.join('')),
      fc.constantFrom(',', ';', '\t'),
      fc.array(fc.nat(40), { maxLength: 5 }),
      (text, delimiter, cuts) => {
        const expected = reference(text, delimiter);
        const found = cut(text, delimiter, cuts);
        if (expected) expect(found).toEqual(expected);
        else expect(found).toEqual(cut(text, delimiter, []));
        if (!expected) expect(found).toMatch(/^FILE, line \d+: a quotation mark/);
        else if (expected.length > 1) sound++;
      },
    ),
    { numRuns: 1000 },
  );
  expect(sound).toBeGreaterThan(50);
});

it('count lines that are left out at the top', () => {
  expect(cut('made "by hand\r\n\n1,2\n"3",4\n', ',', [14], 2)).toEqual([
    { fields: ['1', '2'], line: 3 },
    { fields: ['3', '4'], line: 4 },
  ]);
});
