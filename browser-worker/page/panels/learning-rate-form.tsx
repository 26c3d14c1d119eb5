/** Asks for another learning rate. */
import { useEffect, useRef } from 'preact/hooks';

export interface LearningRateFormProps {
  current: number | null;
  onChosen(learningRate: number): void;
  onClosed(): void;
}

export function LearningRateForm({ current, onChosen, onClosed }: LearningRateFormProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        const value = Number(input.current!.value);
        if (value > 0) return onChosen(value);
        input.current!.setCustomValidity('Give a number above 0.');
        input.current!.reportValidity();
      }}
      onKeyDown={({ key }) => key === 'Escape' && onClosed()}
    >
      <input
        ref={input}
        type="number"
        min="0"
        step="any"
        required
        aria-label="New learning rate"
        placeholder={String(Number((current ?? 0.001).toPrecision(3)))}
        onInput={({ currentTarget }) => currentTarget.setCustomValidity('')}
      />
      <button type="submit">Set</button>
    </form>
  );
}
