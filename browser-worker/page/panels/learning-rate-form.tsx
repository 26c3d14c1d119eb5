/** Asks for another learning rate. */
import { useEffect, useRef, useState } from 'preact/hooks';

export interface LearningRateFormProps {
  current: number | null;
  onChosen(learningRate: number): void;
  onClosed(): void;
}

export function LearningRateForm({ current, onChosen, onClosed }: LearningRateFormProps) {
  const [asked, setAsked] = useState<number>();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        const value = Number(input.current!.value);
        if (value > 0 && (isUsual(value, current) || asked === value)) return onChosen(value);
        // Asks once more: a slip of the finger ruins a run.
        if (value > 0) return setAsked(value);
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
        onInput={({ currentTarget }) => {
          currentTarget.setCustomValidity('');
          setAsked(undefined);
        }}
      />
      <button type="submit">{asked === undefined ? 'Set' : `Set ${asked}, far from now`}</button>
    </form>
  );
}

/** Schedules and admins change a rate by a factor of ten at most, usually. */
const isUsual = (rate: number, current: number | null): boolean =>
  current === null || current === 0 || (rate <= 10 * current && rate >= current / 1000);
