/** Asks for another learning rate. */
import { useEffect, useRef } from 'preact/hooks';

export function LearningRateForm({ onChosen }: { onChosen(learningRate: number): void }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        const value = Number(input.current!.value);
        if (value > 0) onChosen(value);
      }}
    >
      <input
        ref={input}
        type="number"
        min="0"
        step="any"
        required
        aria-label="New learning rate"
        placeholder="0.001"
      />
      <button type="submit">Set</button>
    </form>
  );
}
