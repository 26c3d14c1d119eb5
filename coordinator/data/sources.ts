/** The data sources by scheme: `--data SCHEME:REST?OPTION=VALUE&...`. */
import { UserError } from '../../shared/user-error.js';
import { cifar10 } from './cifar10.js';
import { csv } from './csv.js';
import { digits } from './digits.js';
import { idx } from './idx.js';
import { checkLabels } from './labels.js';
import type { DataSet, DataSource } from './source.js';

const SOURCES: readonly DataSource[] = [digits, idx, cifar10, csv];

/** @throws UserError */
export async function openData(spec: string): Promise<DataSet> {
  const [, scheme = '', rest = '', query = ''] = /^([^:?]*):?([^?]*)\??(.*)$/s.exec(spec) ?? [];
  const source = SOURCES.find((source) => source.scheme === scheme);
  if (!source) {
    const known = SOURCES.map(({ scheme }) => scheme).join(', ');
    throw new UserError(
      `--data ${spec}: unknown source ${scheme}; known are ${known} (for example idx:DIR)`,
      2,
    );
  }
  const data = await source.open(rest, new URLSearchParams(query));
  checkLabels(data);
  return data;
}
