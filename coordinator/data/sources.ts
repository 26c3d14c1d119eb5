/** The data sources by scheme: `--data SCHEME:REST?OPTION=VALUE&...`. */
import { resolve } from 'node:path';
import { UserError } from '../../shared/user-error.js';
import { cifar10 } from './cifar10.js';
import { csv } from './csv.js';
import { digits } from './digits.js';
import { idx } from './idx.js';
import { checkCounts, checkLabels } from './labels.js';
import type { DataSet, DataSource } from './source.js';
import { text } from './text.js';

const SOURCES: readonly DataSource[] = [digits, idx, cifar10, csv, text];

/** `spec` with absolute paths: it means the same wherever it is read again. */
export function absoluteData(spec: string): string {
  const { scheme, rest, query, source } = parse(spec);
  for (const option of source?.pathOptions ?? []) {
    const path = query.get(option);
    if (path) query.set(option, resolve(path));
  }
  const options = [...query].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return `${scheme}${rest && `:${resolve(rest)}`}${options && `?${options}`}`;
}

/** @throws UserError */
export async function openData(spec: string): Promise<DataSet> {
  const { scheme, rest, query, source } = parse(spec);
  if (!source) {
    const known = SOURCES.map(({ scheme }) => scheme).join(', ');
    throw new UserError(
      `--data ${spec}: unknown source ${scheme}; known are ${known} (for example idx:DIR)`,
      2,
    );
  }
  const data = await source.open(rest, query);
  checkCounts(data);
  checkLabels(data);
  return data;
}

function parse(spec: string) {
  const [, scheme = '', rest = '', query = ''] = /^([^:?]*):?([^?]*)\??(.*)$/s.exec(spec) ?? [];
  const source = SOURCES.find((source) => source.scheme === scheme);
  return { scheme, rest, query: new URLSearchParams(query), source };
}
