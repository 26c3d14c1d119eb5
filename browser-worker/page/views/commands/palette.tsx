/** Commands by name: opened by Ctrl-K, told from by a few letters, chosen by arrows and Enter. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { matches } from '../../data/matching.js';

export interface Command {
  name: string;
  /** The key that does the same. */
  key?: string;
  run(): void;
}

/** So many are shown at once. */
const SHOWN = 12;

export function Palette({ commands, onClosed }: { commands: Command[]; onClosed(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [search, setSearch] = useState('');
  const [at, setAt] = useState(0);
  const found = commands.filter(({ name }) => matches(name, search)).slice(0, SHOWN);
  const chosen = Math.min(at, found.length - 1);
  useEffect(() => dialog.current!.showModal(), []);
  const run = (command: Command | undefined) => {
    if (!command) return;
    dialog.current!.close();
    command.run();
  };
  const pressed = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      setAt((chosen + by + found.length) % Math.max(1, found.length));
    }
    if (event.key === 'Enter') {
      event.preventDefault();
      run(found[chosen]);
    }
  };
  return (
    <dialog ref={dialog} class="palette" aria-label="Commands" onClose={onClosed}>
      <input
        role="combobox"
        placeholder="What to do, or where to go…"
        aria-label="Command"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={chosen >= 0 ? `command-${chosen}` : undefined}
        value={search}
        onInput={({ currentTarget }) => {
          setSearch(currentTarget.value);
          setAt(0);
        }}
        onKeyDown={pressed}
      />
      <div role="listbox" id="commands" aria-label="Commands">
        {found.map((command, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the field has the focus, and its keys
          <div
            key={command.name}
            id={`command-${i}`}
            role="option"
            aria-selected={i === chosen}
            onClick={() => run(command)}
          >
            {command.name}
            {command.key && <kbd>{command.key}</kbd>}
          </div>
        ))}
      </div>
      {found.length === 0 && <p class="empty">No such command.</p>}
    </dialog>
  );
}
