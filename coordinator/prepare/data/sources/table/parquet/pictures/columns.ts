/** Whether a Parquet file holds pictures, as Hugging Face's `datasets` writes them, and what their labels are. */
import { type FileMetaData, parquetSchema, type SchemaTree } from 'hyparquet';
import { UserError } from '../../../../../../../shared/user-error.js';
import { listed } from '../../../../../words/listed.js';
import type { SpecOptions } from '../../../../spec.js';
import { classNamesIn, isIndex } from '../file/schema.js';

export interface PictureColumns {
  image: string;
  /** Whether its values are `{ bytes, path }`, and not the bytes alone. */
  isStruct: boolean;
  label: string;
  /** Names of the classes in the order of their numbers; undefined: the labels are the names. */
  classes: readonly string[] | undefined;
  /** Columns that are not read. */
  others: string[];
}

/**
 * Undefined for a table: one without a column of pictures, or whose option `features` names none.
 * @throws UserError where it is unclear which column is the picture, or the label
 */
export function pictureColumnsOf(
  file: string,
  metadata: FileMetaData,
  options: SpecOptions,
): PictureColumns | undefined {
  const columns = parquetSchema(metadata).children.filter(({ element }) => !isIndex(element.name));
  const names = columns.map(({ element }) => element.name);
  const image = imageOf(file, columns, options);
  if (!image) return undefined;
  const classes = classNamesIn(metadata);
  const others = names.filter((name) => name !== image.element.name);
  const label = options.get('label') ?? onlyLabel(others, [...classes.keys()]);
  if (label === undefined || !others.includes(label))
    throw new UserError(
      `${file} holds pictures (column ${image.element.name})${label === undefined ? '' : `, and no column ${label}`}: label=COLUMN says which column holds their classes; there are ${listed(others) || 'no others'}`,
      2,
    );
  return {
    image: image.element.name,
    isStruct: isStruct(image),
    label,
    classes: classes.get(label),
    others: others.filter((name) => name !== label),
  };
}

function imageOf(file: string, columns: readonly SchemaTree[], options: SpecOptions): SchemaTree | undefined {
  const given = options.get('image');
  if (given !== undefined) {
    const named = columns.find(({ element }) => element.name === given);
    if (named && (isStruct(named) || named.element.type === 'BYTE_ARRAY')) return named;
    const why = named ? 'is no column of pictures: neither bytes nor { bytes, path }' : 'is no column';
    throw new UserError(
      `${file}: image=${given} ${why}; columns are ${listed(columns.map(({ element }) => element.name))}`,
      2,
    );
  }
  const found = columns.filter(isStruct);
  const features = options.list('features');
  if (
    found.length === 0 ||
    (features.length > 0 && !found.some(({ element }) => features.includes(element.name)))
  )
    return undefined;
  const other = features.find((name) => !found.some(({ element }) => element.name === name));
  if (other !== undefined)
    throw new UserError(
      `${file}: features=${other}: a picture is learned from alone, without other columns`,
      2,
    );
  if (found.length === 1) return found[0];
  throw new UserError(
    `${file} has several columns of pictures (${listed(found.map(({ element }) => element.name))}): image=COLUMN says which is learned from`,
    2,
  );
}

const isStruct = ({ children }: SchemaTree): boolean =>
  children.length > 0 &&
  children.every(({ element }) => ['bytes', 'path'].includes(element.name)) &&
  children.some(({ element }) => element.name === 'bytes' && element.type === 'BYTE_ARRAY');

const USUAL = ['label', 'labels', 'class', 'target'];

/** The one whose classes the file names, or that is called as labels mostly are. */
function onlyLabel(names: readonly string[], classes: readonly string[]): string | undefined {
  const [first, second] = names.filter((name) => classes.includes(name));
  if (first !== undefined && second === undefined) return first;
  return names.length === 1 ? names[0] : USUAL.find((name) => names.includes(name));
}
