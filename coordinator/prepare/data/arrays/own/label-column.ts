/** The labels of a program's records: numbers, lists of them, or names of classes. */
import { sizeOf } from '../../../../../shared/numerics/shape.js';
import { UserError } from '../../../../../shared/user-error.js';
import type { PlainArray } from '../plain-array.js';
import type { OwnArrays, OwnDataSet } from './own-data-set.js';
import { addNumbers, checkRecordLength, counted, isFlat, isList, Numbers, shown } from './values.js';

export class LabelColumn {
  private readonly texts: string[] = [];
  private readonly numbers = new Numbers('float64');
  /** Of one record; that of the first, unless it was told. */
  private shape: readonly number[] | undefined;
  /** `plain`: numbers of which no type says whether they count or measure. */
  private type: 'integer' | 'float' | 'plain' = 'plain';

  /** @param title names the labels in errors */
  constructor(
    private readonly form: Pick<OwnDataSet, 'y' | 'label'>,
    private readonly title: string,
  ) {
    const { label } = form;
    const classes = label?.kind === 'multilabel' ? (label.names?.length ?? label.classes) : undefined;
    this.shape = form.y?.shape ?? (classes === undefined ? undefined : [classes]);
  }

  /** @returns of how many records. @throws UserError */
  addAll(labels: OwnArrays['y']): number {
    if (!isFlat(labels) || typeof labels[0] === 'string') {
      for (let record = 0; record < labels.length; record++)
        this.add(labels[record], `${this.title}, record ${record}`);
      return labels.length;
    }
    this.type = typeOf(labels);
    this.shape ??= [];
    const size = sizeOf(this.shape);
    if (labels.length % size !== 0)
      throw new UserError(
        `${this.title} has ${counted(labels.length, 'value')}, no multiple of ${size} (a record has [${this.shape}])`,
      );
    const place = (index: number) => this.placeOf(Math.floor(index / size), index % size);
    addNumbers(labels, this.numbers, place);
    return labels.length / size;
  }

  /** @param place names the record's label. @throws UserError */
  add(label: unknown, place: string): void {
    if (typeof label === 'string') {
      if (this.numbers.length > 0) throw new UserError(`${place} is a text, those before it are numbers`);
      const { names } = this.classes() ?? {};
      if (names && !names.includes(label))
        throw new UserError(
          `${place}: ${shown(label)} is none of label.names (${names.slice(0, 8).join(', ')})`,
        );
      this.texts.push(label);
      return;
    }
    if (this.texts.length > 0)
      throw new UserError(`${place} is ${shown(label)}, those before it are names of classes`);
    if (this.shape === undefined) this.shape = shapeOf(label);
    if (this.numbers.length === 0 && isList(label)) this.type = typeOf(label);
    const before = this.numbers.length;
    addNumbers(label, this.numbers, () => place);
    checkRecordLength(this.numbers.length - before, this.shape, place);
  }

  /** Of so many records. @throws UserError for a label that is no class, or where it must be told what they are */
  array(count: number): PlainArray {
    const { title } = this;
    const { kind } = this.form.label ?? {};
    if (this.texts.length > 0) {
      if (kind === 'value')
        throw new UserError(`${title} holds texts, and label.kind is 'value': give numbers`);
      return { title, shape: [count], dtype: 'str', kind: 'text', values: this.texts };
    }
    const shape = this.shape ?? [];
    if (kind === undefined && this.type === 'plain' && sizeOf(shape) === 1)
      throw new UserError(
        `${title} holds numbers: say label: { kind: 'class' }, or { kind: 'value' } for numbers to predict`,
        2,
      );
    const values = this.numbers.all();
    const isWhole =
      kind === 'class' || kind === 'multilabel' || (kind === undefined && this.type === 'integer');
    if (isWhole && kind !== 'multilabel') this.refuseNoClass(values, sizeOf(shape));
    return {
      ...{ title, shape: [count, ...shape], values },
      dtype: isWhole ? 'int32' : 'float64',
      kind: isWhole ? 'integer' : 'float',
    };
  }

  private refuseNoClass(values: ArrayLike<number>, size: number): void {
    const { classes = Number.POSITIVE_INFINITY } = this.classes() ?? {};
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (Number.isInteger(value) && value >= 0 && value < classes) continue;
      const known = Number.isFinite(classes) ? `from 0 to ${classes - 1}` : 'from 0';
      const remedy = this.form.label ? '' : " (label: { kind: 'value' } predicts the number)";
      throw new UserError(
        `${this.placeOf(Math.floor(i / size), i % size)}: ${value} is no class: whole numbers ${known} are${remedy}`,
      );
    }
  }

  private classes() {
    const { label } = this.form;
    if (label?.kind !== 'class') return undefined;
    return { names: label.names, classes: label.names?.length ?? label.classes };
  }

  private placeOf(record: number, value: number): string {
    const more = sizeOf(this.shape ?? []) > 1 ? `, value ${value}` : '';
    return `${this.title}, record ${record}${more}`;
  }
}

function typeOf(list: ArrayLike<unknown>): 'integer' | 'float' | 'plain' {
  if (Array.isArray(list)) return typeof list[0] === 'boolean' ? 'integer' : 'plain';
  return list instanceof Float32Array || list instanceof Float64Array ? 'float' : 'integer';
}

/** Of lists of equal lengths, one within the other. */
function shapeOf(value: unknown): number[] {
  return isList(value) ? [value.length, ...shapeOf(value[0])] : [];
}
