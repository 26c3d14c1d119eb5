/** What is fetched again and again while the page shows it. */
import { useEffect, useState } from 'preact/hooks';
import { fetchJson } from './api.js';

export interface Asked {
  path: string;
  /** The run that it is asked of. */
  run: string;
  /** Text that the answer depends on; undefined: nothing is asked. */
  search?: string | undefined;
}

/**
 * Fetched at once for each run, search and `key`, and then, as `pulse` changes, at most every `everyMs`.
 * @returns undefined as long as there is no answer to this run and search
 */
export function usePolled<T>(
  { path, run, ...asked }: Asked,
  key: string,
  pulse: unknown,
  everyMs: number,
): T | undefined {
  const { search } = asked;
  const isAsked = !('search' in asked) || search !== undefined;
  const of = `${run} ${search ?? ''}`;
  const [value, setValue] = useState<{ of: string; value: T }>();
  const [due, setDue] = useState(0);
  // `due` and `key` say when to fetch again
  useEffect(() => {
    let current = isAsked;
    const take = (value: T) => current && setValue({ of, value });
    // What fails is told by the lost connection.
    if (isAsked) fetchJson<T>(path, { run, search }).then(take, () => undefined);
    return () => {
      current = false;
    };
  }, [path, run, search, key, due]);
  // Each pulse asks for a fetch, but not at once
  useEffect(() => {
    const timer = setTimeout(
      () => !document.hidden && setDue(Math.floor(Date.now() / everyMs)),
      everyMs - (Date.now() % everyMs),
    );
    return () => clearTimeout(timer);
  }, [pulse, run, key, everyMs]);
  return value?.of === of ? value.value : undefined;
}
