/**
 * A `--data` spec taken apart: `SCHEME:PATH?OPTION=VALUE&...`, where `%XX` in the path, a value or an item of a
 * list stands for a byte of UTF-8, as in a URL: so that every file and column can be named. A `%`
 * without two hexadecimal digits behind it, and a `+`, stand for themselves.
 */
import { UserError } from '../../../shared/user-error.js';
import { isAddress } from './files/address/address.js';

/** How names with special characters are written, for errors. */
export const ESCAPING = 'in names, % is written %25, ? %3F, & %26, = %3D, and a comma %2C';

export class SpecOptions {
  /** @param raw values by name, as they stand in the spec */
  constructor(private readonly raw: ReadonlyMap<string, string> = new Map()) {}

  names(): string[] {
    return [...this.raw.keys()];
  }

  get(name: string): string | undefined {
    const raw = this.raw.get(name);
    return raw === undefined ? undefined : unescaped(raw);
  }

  /** @param raw as it would stand in the spec */
  with(name: string, raw: string): SpecOptions {
    return new SpecOptions(new Map([...this.raw, [name, raw]]));
  }

  /** The items of a comma-separated list; a comma that is written `%2C` belongs to its item. */
  list(name: string): string[] {
    return this.rawList(name).map(unescaped);
  }

  /** `KEY` or `KEY:VALUE`, separated by commas; a `:` that is written `%3A` belongs to the key. */
  pairs(name: string): { key: string; value: string | undefined }[] {
    return this.rawList(name).map((item) => {
      const colon = item.lastIndexOf(':');
      if (colon < 0) return { key: unescaped(item), value: undefined };
      return { key: unescaped(item.slice(0, colon)), value: unescaped(item.slice(colon + 1)) };
    });
  }

  private rawList(name: string): string[] {
    return (this.raw.get(name) ?? '').split(',').filter(Boolean);
  }
}

export interface Spec {
  scheme: string;
  /** What stands between the colon and the question mark: a path, mostly. */
  path: string;
  options: SpecOptions;
}

/** What a source says of its options. */
export interface OptionNames {
  /** `any`: whoever reads the data knows them. */
  known: readonly string[] | 'any';
  /** Those of them that are paths. */
  paths: readonly string[];
}

/**
 * The path ends at the first question mark behind which there is nothing but known options: a path with one of its
 * own can mostly be given as it is. An address is taken as it stands, with a query of its own: options begin at the last
 * question mark behind which there is nothing but known ones.
 * @throws UserError for an unknown option, or one given twice
 */
export function parseSpec(spec: string, optionsOf: (scheme: string) => OptionNames | undefined): Spec {
  const { scheme, rest } = schemeOf(spec);
  const names = optionsOf(scheme);
  const { path, parts } = cut(rest, names?.known ?? []);
  const raw = new Map<string, string>();
  for (const [name, value] of parts) {
    if (names && names.known !== 'any' && !names.known.includes(name)) {
      const remedy = names.known.length > 0 ? `known are ${names.known.join(', ')}` : 'it has none';
      throw new UserError(`--data ${scheme}: unknown option ${name}; ${remedy}; ${ESCAPING}`, 2);
    }
    if (raw.has(name)) throw new UserError(`--data ${scheme}: option ${name} is given twice`, 2);
    raw.set(name, value);
  }
  return { scheme, path: pathOf(path), options: new SpecOptions(raw) };
}

/** `spec` with every path in it replaced by `change(path)`. All else stays as it was written. */
export function withPaths(
  spec: string,
  optionsOf: (scheme: string) => OptionNames | undefined,
  change: (path: string) => string,
): string {
  const { scheme, rest } = schemeOf(spec);
  const names = optionsOf(scheme);
  const { path, parts } = cut(rest, names?.known ?? []);
  const changed = (raw: string) => escapedPath(change(unescaped(raw)));
  const changedPath = isAddress(path) ? change(path) : changed(path);
  const options = parts.map(([name, value]) =>
    names?.paths.includes(name) && value !== '' ? `${name}=${changed(value)}` : `${name}=${value}`,
  );
  // A query of its own is not to be taken for options.
  const mark = options.length > 0 || (isAddress(path) && path.includes('?')) ? '?' : '';
  return `${scheme}${path && `:${changedPath}`}${mark}${options.join('&')}`;
}

/** A column's name as an option takes it, also within a list. */
export const escapedName = (name: string): string => name.replace(/[%&?#=,:\s]/g, encodeURIComponent);

export const escapedPath = (path: string): string => path.replace(/[%?&]/g, encodeURIComponent);

function schemeOf(spec: string): { scheme: string; rest: string } {
  const [, scheme = '', rest = ''] = /^([^:?]*):?(.*)$/s.exec(spec) ?? [];
  return { scheme, rest };
}

const isKnown = (name: string, known: OptionNames['known']): boolean =>
  known === 'any' || known.includes(name);

function cut(rest: string, known: OptionNames['known']): { path: string; parts: [string, string][] } {
  const cuts = [...rest.matchAll(/\?/g)].map(({ index }) => ({
    path: rest.slice(0, index),
    parts: partsOf(rest.slice(index + 1)),
  }));
  const isSound = ({ parts }: { parts: [string, string][] }) => parts.every(([name]) => isKnown(name, known));
  if (isAddress(rest)) return cuts.reverse().find(isSound) ?? { path: rest, parts: [] };
  const sound = cuts.find(isSound);
  return sound ?? cuts[0] ?? { path: rest, parts: [] };
}

const pathOf = (raw: string): string => (isAddress(raw) ? raw : unescaped(raw));

function partsOf(text: string): [string, string][] {
  const parts = text.split('&').filter(Boolean);
  return parts.map((part) => {
    const equals = part.indexOf('=');
    return equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
  });
}

function unescaped(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      throw new UserError(`--data: ${escapes} is not a UTF-8 character; ${ESCAPING}`, 2);
    }
  });
}
