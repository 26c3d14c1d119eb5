/** The run's model in a worker of this page: loaded when it is first asked, and kept up to date. */

import type { Alphabet } from '../../../../shared/models/text-generator.js';
import type { WeightSpec } from '../../../../shared/numerics/layout.js';
import type { ModelView } from '../../../../shared/status/monitoring.js';
import { fetchJson, pathOf } from '../../data/api.js';
import type { Answer, Question } from './predict-worker.js';

/** How a text is to be made up: as by `swarmgrad generate`. */
export interface Writing {
  prompt: string;
  /** Characters to add. */
  length: number;
  temperature: number;
  seed: number;
}

export class Predictor {
  private readonly worker = new Worker(new URL('./predict-worker.ts', import.meta.url), { type: 'module' });
  private readonly waiting: { resolve(answer: Answer): void; reject(error: Error): void }[] = [];
  private built = false;
  /** The version of the weights that were loaded last; -1: none. */
  version = -1;

  /** @param backend of TF.js: a picture is too little to load `wasm` for */
  constructor(
    private readonly run: string,
    private readonly backend: 'cpu' | 'wasm',
  ) {
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const { resolve, reject } = this.waiting.shift()!;
      if (data.error === undefined) resolve(data);
      else reject(new Error(data.error));
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of this.waiting.splice(0))
        reject(new Error(event.message || 'the engine did not load'));
    };
  }

  /** Fetches the newest weights. @throws Error in words */
  async update(): Promise<void> {
    if (!this.built) {
      const network = await fetchJson<{ topology: object; weights: WeightSpec[] }>('/api/network', {
        run: this.run,
      });
      await this.ask({ type: 'build', backend: this.backend, ...network });
      this.built = true;
    }
    const response = await fetch(pathOf('/api/weights', { run: this.run }));
    if (!response.ok) throw new Error((await response.text()).trim());
    const values = await response.arrayBuffer();
    await this.ask({ type: 'weights', values }, [values]);
    this.version = Number(response.headers.get('X-Version'));
  }

  /** @param x one record's values, as stored @returns the probability of each class */
  async predict(x: Float32Array, { x: { shape }, normalisation, label }: ModelView): Promise<number[]> {
    const { kind } = label;
    const { output } = await this.ask({ type: 'predict', x, shape, normalisation, kind });
    const values = Array.from(output!);
    return kind === 'class' && values.length === 1 ? [1 - values[0]!, values[0]!] : values;
  }

  /** The prompt, and then one character after the other. @throws Error in words */
  async *write(alphabet: Alphabet, writing: Writing): AsyncGenerator<string> {
    let { text } = await this.ask({ type: 'write', alphabet, ...writing });
    while (text !== undefined) {
      yield text;
      ({ text } = await this.ask({ type: 'more' }));
    }
  }

  close(): void {
    this.worker.terminate();
  }

  private ask(question: Question, transfer: Transferable[] = []): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.worker.postMessage(question, transfer);
    });
  }
}
