/** With what each run was started, side by side, and the command that trains the same again. */
import { useEffect, useState } from 'preact/hooks';
import type { ConfigView as Config, Greeting } from '../../../shared/status/monitoring.js';
import { fetchJson } from '../data/api.js';
import { matches } from '../data/matching.js';

type Runs = Greeting['runs'];
type Value = Config['options'][number]['value'];

/** More runs than this are no table. */
const RUNS_SHOWN = 7;

export function ConfigView({ runs, chosen }: { runs: Runs; chosen: string }) {
  const configs = useConfigs(runs);
  const [search, setSearch] = useState('');
  const [isShort, setShort] = useState(true);
  const own = configs.get(chosen);
  if (!own) return <p class="full empty">Reading the configuration…</p>;
  const shown = runs.filter(({ id }) => configs.has(id)).slice(0, RUNS_SHOWN);
  const several = shown.length > 1;
  const rows = own.options
    .map((option, i) => ({ ...option, values: shown.map(({ id }) => configs.get(id)!.options[i]?.value) }))
    .map((row) => ({ ...row, differs: new Set(row.values).size > 1 }))
    .filter((row) => !isShort || (several ? row.differs : row.value !== row.usual))
    .filter(({ flag, meaning, value }) => matches(`${flag} ${meaning} ${value}`, search));
  return (
    <>
      {own.command && (
        <section class="full" aria-labelledby="repeat-title">
          <h2 id="repeat-title">
            Train the same again <CopyButton text={own.command} />
          </h2>
          <code class="command">{own.command}</code>
        </section>
      )}
      <section class="full" aria-labelledby="config-title">
        <h2 id="config-title">
          Configuration
          <input
            type="search"
            value={search}
            placeholder="Option, value, meaning…"
            aria-label="Search among the options"
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
          <label class="soft">
            <input
              type="checkbox"
              checked={isShort}
              onChange={({ currentTarget }) => setShort(currentTarget.checked)}
            />{' '}
            {several ? 'only what differs' : 'only what is not usual'}
          </label>
        </h2>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <section class="scroll tall" tabIndex={0} aria-label="Table of options">
          <table class="config">
            <thead>
              <tr>
                <th scope="col">Option</th>
                {shown.map(({ id, name }) => (
                  <th key={id} scope="col">
                    {several ? name : 'Value'}
                  </th>
                ))}
                <th scope="col" class="opt">
                  Meaning
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ flag, values, usual, otherwise, meaning, differs }) => (
                <tr key={flag} class={several && differs ? 'differs' : ''}>
                  <th scope="row">
                    <code>{flag}</code>
                  </th>
                  {values.map((value, i) => (
                    <td key={shown[i]!.id} class={value === usual ? 'soft' : ''}>
                      <code>{textOf(value)}</code>
                    </td>
                  ))}
                  <td class="opt soft meaning">
                    {meaning} (usually {usual === null ? otherwise || 'none' : textOf(usual)})
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        {rows.length === 0 && <p class="empty">No such option.</p>}
      </section>
    </>
  );
}

const textOf = (value: Value | undefined): string =>
  value === true ? 'on' : value === false ? 'off' : String(value ?? '–');

function useConfigs(runs: Runs): ReadonlyMap<string, Config> {
  const [configs, setConfigs] = useState<ReadonlyMap<string, Config>>(new Map());
  const ids = runs.map(({ id }) => id).join();
  useEffect(() => {
    // What fails is told by the lost connection.
    for (const run of ids.split(','))
      fetchJson<Config>('/api/config', { run }).then(
        (config) => setConfigs((before) => new Map(before).set(run, config)),
        () => undefined,
      );
  }, [ids]);
  return configs;
}

/** Browsers give the clipboard only to pages on https or localhost: elsewhere there is no button. */
export function CopyButton({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  if (!navigator.clipboard) return null;
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => undefined,
    );
  return (
    <button type="button" class="small" onClick={() => void copy()}>
      {isCopied ? 'Copied' : 'Copy'}
    </button>
  );
}
