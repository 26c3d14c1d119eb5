/**
 * Pictures whose classes stand in `metadata.csv` or `metadata.jsonl`, as Hugging Face's imagefolder has them: a row for
 * each picture, its path from there as `file_name`, and its class, or classes, in other columns.
 */
import { UserError } from '../../../../../../shared/user-error.js';
import { listed } from '../../../../words/listed.js';
import { choiceOption } from '../../../options.js';
import type { Reader } from '../../../source.js';
import type { SpecOptions } from '../../../spec.js';
import { columnsOf, type Head, nameOf, textAt } from '../../table/cells/table.js';
import { readCsv } from '../../table/csv/read.js';
import { classesOfCells } from '../../table/features/check.js';
import { readJsonl } from '../../table/jsonl/read.js';
import { orderedClasses } from '../../table/labels/classes.js';
import { classesInCells, classLists, severalOption } from '../../table/labels/several.js';
import { missingOption } from '../../table/picking/missing.js';
import { labelColumnsOf, type Picked, type Several } from '../../table/picking/reading.js';
import { type Entry, type Layout, partOf } from '../images/layout.js';
import { isPictureName } from '../images/pixels/formats.js';
import type { Tree } from '../images/tree.js';

const FILES = ['metadata.csv', 'metadata.jsonl'];
const FILE_NAME = 'file_name';
/** The names by which a column of classes goes mostly. */
const USUAL = ['label', 'labels', 'class', 'target', 'tags'];

/** The options that say which columns hold the classes. */
export const METADATA_OPTIONS = ['label', 'separator', 'task'] as const;

const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
const isMetadata = (path: string): boolean => FILES.includes(baseOf(path));

/**
 * Undefined where no file of that name has a column `file_name`: then folders tell the classes.
 * @throws UserError naming file, line and picture
 */
export async function layoutOfMetadata(
  tree: Tree,
  options: SpecOptions,
  { trained }: Reader,
): Promise<Layout | undefined> {
  const several = severalOption(options, trained);
  const rows: Row[] = [];
  const columns = new Map<string, string>();
  for (const { path, read } of tree.contents(new Set(tree.paths.filter(isMetadata)))) {
    const title = tree.titleOf(path);
    const found = await readMetadata({ path, title, bytes: await read() }, options, several);
    if (!found) continue;
    rows.push(...found.rows);
    columns.set(title, found.labels.join(', '));
  }
  if (columns.size === 0) return undefined;
  choiceOption(options, 'task', ['classification', 'multilabel'], 'classification');
  const entries = entriesOf(rows, tree);
  const used = new Set(rows.map(({ path }) => path));
  const without = tree.paths.filter((path) => isPictureName(path) && !used.has(path));
  const told = rows.flatMap(({ names }) => names);
  const flags = several && rows[0]?.columns;
  return {
    parts: partsOf(entries),
    ...(several ? { several: true as const } : {}),
    classes: flags ?? orderedClasses(new Set(told)),
    notes: [...columns].map(
      ([title, labels]) =>
        `${title}: classes by column ${labels}${several ? ', any number of them at once' : ''}; names of folders tell none`,
    ),
    warnings:
      without.length > 0
        ? [`left out ${without.length} pictures without a row of metadata: ${listed(without, 4)}`]
        : [],
  };
}

interface Row {
  /** Of the picture, from the root. */
  path: string;
  /** Where the row stands. */
  place: string;
  names: string[];
  /** Names of the columns of 0 and 1, where these are the classes. */
  columns?: string[] | undefined;
}

interface MetadataFile {
  path: string;
  title: string;
  bytes: Uint8Array;
}

async function readMetadata(
  { path, title, bytes }: MetadataFile,
  options: SpecOptions,
  several: Several | undefined,
): Promise<{ rows: Row[]; labels: string[] } | undefined> {
  let isOther = false;
  const read = path.endsWith('.csv') ? readCsv : readJsonl;
  const { table, picked } = await read({
    ...{ file: title, bytes, options: options.with('header', 'true'), isRegression: false, several },
    known: [FILE_NAME, ...USUAL],
    pick: (head) => {
      const file = head.names?.indexOf(FILE_NAME) ?? -1;
      isOther = file < 0;
      return isOther ? { label: -1, features: [] } : { ...labelsOf(head, options), features: [file] };
    },
  });
  if (isOther) return undefined;
  const all = Array.from({ length: table.rows }, (_, row) => row);
  const missing = missingOption(table, options);
  const sheet = { table, picked, missing, rows: all };
  for (const column of labelColumnsOf(picked)) {
    const check = several ? classesInCells(several)(sheet, column) : classesOfCells(sheet, column);
    for (const row of all) {
      const fault = check(row);
      if (fault) throw fault();
    }
  }
  const labels = labelColumnsOf(picked).map((column) => nameOf(table, column));
  const lists = several
    ? classLists(sheet, several, labels)
    : all.map((row) => [textAt(table, row, picked.label)!]);
  const rows = all.map((row): Row => {
    const name = textAt(table, row, picked.features[0]!) ?? '';
    return {
      path: `${folderOf(path)}${name.replaceAll('\\', '/').replace(/^\.\//, '')}`,
      ...{ place: table.placeOf(row), names: lists[row]! },
      columns: picked.labels && labels,
    };
  });
  return { rows, labels };
}

/** Those that are asked for, the only ones that there are, or the one that is called as labels mostly are. */
function labelsOf(head: Head, options: SpecOptions): Pick<Picked, 'label' | 'labels'> {
  const others = head.names!.filter((name) => name !== FILE_NAME);
  const usual = others.length === 1 ? others[0] : USUAL.find((name) => others.includes(name));
  const asked = options.list('label');
  const names = asked.length > 0 ? asked : usual === undefined ? [] : [usual];
  if (names.length === 0)
    throw new UserError(
      `${head.file}: label=COLUMN says which column holds the classes of the pictures; there are ${listed(others) || 'no others'}`,
      2,
    );
  const columns = names.flatMap((name) => columnsOf(head, name, 'label'));
  return columns.length === 1 ? { label: columns[0]! } : { label: columns[0]!, labels: columns };
}

/** @throws UserError for a row whose picture is not there, or has a row already */
function entriesOf(rows: readonly Row[], { paths }: Pick<Tree, 'paths'>): Entry[] {
  const there = new Set(paths);
  const seen = new Map<string, string>();
  return rows.map(({ path, place, names }) => {
    if (!there.has(path))
      throw new UserError(
        `${place}: there is no picture ${path}: paths of ${FILE_NAME} begin beside the metadata`,
      );
    const before = seen.get(path);
    if (before !== undefined) throw new UserError(`${place}: ${path} has a row already (${before})`);
    seen.set(path, place);
    return { path, name: names.join('|'), names };
  });
}

/** As folders name them; drawn where they name none, or where pictures lie beside such folders. */
function partsOf(entries: Entry[]): Layout['parts'] {
  const topOf = ({ path }: Entry) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');
  const tops = [...new Set(entries.map(topOf))];
  if (!tops.every((top) => partOf(top) !== undefined)) return { drawn: entries };
  const parts: Exclude<Layout['parts'], { drawn: Entry[] }> = {};
  for (const top of tops) {
    const part = partOf(top)!;
    if (parts[part])
      throw new UserError(`${parts[part].folder} and ${top} are one part of the data: keep one`, 2);
    parts[part] = { folder: top, entries: entries.filter((entry) => topOf(entry) === top) };
  }
  return parts;
}
