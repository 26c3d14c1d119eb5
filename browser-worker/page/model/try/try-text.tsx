/** Give a beginning, and this browser has the run's current model go on with it, letter by letter. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Alphabet, defaultPrompt } from '../../../../shared/models/text-generator.js';
import { count } from '../../data/format.js';
import { Predictor, type Writing } from './predictor.js';
import type { TryItProps } from './try-it-props.js';

/** The defaults of `swarmgrad generate`. */
const DEFAULTS = { length: 500, temperature: 0.8, seed: 1 };
const MAX_LENGTH = 10_000;

interface Written {
  prompt: string;
  text: string;
  /** Updates that the model had seen. */
  version: number;
}

export function TryText({ run, step, alphabet }: TryItProps & { alphabet: Alphabet }) {
  const predictor = useRef<Predictor | undefined>(undefined);
  /** Counts texts: one that is stopped, or replaced, is not gone on with. */
  const current = useRef(0);
  const [prompt, setPrompt] = useState(() => defaultPrompt(alphabet).trim());
  const [{ length, temperature, seed }, choose] = useState(DEFAULTS);
  const [written, setWritten] = useState<Written>();
  const [isWriting, setWriting] = useState(false);
  const [note, setNote] = useState('');

  const stop = () => {
    current.current++;
    setWriting(false);
    setNote('');
  };
  useEffect(
    () => () => {
      current.current++;
      predictor.current?.close();
    },
    [],
  );

  const write = async () => {
    const own = ++current.current;
    setWriting(true);
    setNote(predictor.current ? '' : 'Loading the model…');
    try {
      predictor.current ??= new Predictor(run, 'wasm');
      const { current: model } = predictor;
      if (model.version < step) await model.update();
      const { version } = model;
      // An empty field stands for what the command line takes without --prompt.
      const asked: Writing = { prompt: prompt || defaultPrompt(alphabet), length, temperature, seed };
      let text = '';
      let isPrompt = true;
      for await (const letter of model.write(alphabet, asked)) {
        if (current.current !== own) return;
        if (!isPrompt) text += letter;
        isPrompt = false;
        setNote('');
        setWritten({ prompt: asked.prompt, text, version });
      }
    } catch (error) {
      if (current.current === own) setNote((error as Error).message);
    }
    if (current.current === own) setWriting(false);
  };

  return (
    <section class="panel" aria-labelledby="try-title">
      <h2 id="try-title">
        Try it{' '}
        <small>
          {written
            ? `written by your browser with the model of step ${count(written.version)}`
            : 'give a beginning; your browser has the model go on'}
        </small>
      </h2>
      <form
        class="writer"
        onSubmit={(event) => {
          event.preventDefault();
          if (isWriting) stop();
          else void write();
        }}
      >
        <textarea
          rows={2}
          value={prompt}
          aria-label="Beginning of the text"
          placeholder="The model begins by itself"
          spellcheck={false}
          onInput={({ currentTarget }) => setPrompt(currentTarget.value)}
        />
        <label>
          <span>
            Temperature <output>{temperature.toFixed(1)}</output>
          </span>
          <input
            type="range"
            min={0}
            max={2}
            step={0.1}
            value={temperature}
            aria-label="Temperature"
            title="0: always the likeliest letter; higher: more daring"
            onInput={({ currentTarget }) =>
              choose((all) => ({ ...all, temperature: currentTarget.valueAsNumber }))
            }
          />
        </label>
        <WholeNumber
          name="Letters"
          value={length}
          min={1}
          max={MAX_LENGTH}
          onChange={(length) => choose((all) => ({ ...all, length }))}
        />
        <WholeNumber
          name="Seed"
          value={seed}
          min={0}
          max={2 ** 32 - 1}
          onChange={(seed) => choose((all) => ({ ...all, seed }))}
        />
        <button type="submit" class={isWriting ? '' : 'primary'}>
          {isWriting ? 'Stop writing' : 'Write'}
        </button>
      </form>
      {written && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section class="scroll" tabIndex={0} aria-label="Text by the model" aria-busy={isWriting}>
          <p class="written" data-testid="written" data-letters={[...written.text].length}>
            <b>{written.prompt}</b>
            {written.text}
          </p>
        </section>
      )}
      <p class="soft note" role="status">
        {note}
      </p>
    </section>
  );
}

interface WholeNumberProps {
  name: string;
  value: number;
  min: number;
  max: number;
  onChange(value: number): void;
}

/** What is no such number is not taken. */
const WholeNumber = ({ name, value, min, max, onChange }: WholeNumberProps) => (
  <label>
    <span>{name}</span>
    <input
      type="number"
      {...{ min, max, value }}
      required
      onInput={({ currentTarget }) => {
        const { valueAsNumber } = currentTarget;
        if (Number.isSafeInteger(valueAsNumber) && valueAsNumber >= min && valueAsNumber <= max)
          onChange(valueAsNumber);
      }}
    />
  </label>
);
