/** All that the page can do, by name in the palette and some of it by a key. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Greeting, StatusView } from '../../../../shared/status/monitoring.js';
import type { CurveState } from '../../curves/charts.js';
import { X_KINDS } from '../../data/address.js';
import { go, VIEWS } from '../../data/route.js';
import { actionOf, areKeysOn, isTypedInto, setKeysOn } from './keys.js';
import { type Command, Palette } from './palette.js';

interface CommandsProps {
  greeting: Greeting;
  status: StatusView;
  goesOn: boolean;
  curves: CurveState;
  choose(run: string): void;
  invite(): void;
  contribute(): void;
  /** Absent for who may not change the run. */
  ask: ((action: string) => void) | undefined;
}

export function Commands(props: CommandsProps) {
  const [isOpen, setOpen] = useState(false);
  const { curves } = props;
  const latest = useRef(curves);
  latest.current = curves;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const { key, ctrlKey, metaKey, altKey, target } = event;
      const action = actionOf({ key, ctrlKey, metaKey, altKey, isTyped: isTypedInto(target) }, areKeysOn());
      if (!action) return;
      const { step, pin } = latest.current;
      if (action.do === 'unpin' && step === undefined) return;
      event.preventDefault();
      if (action.do === 'palette') setOpen(true);
      else if (action.do === 'view') go({ view: action.view });
      else if (action.do === 'search')
        document.querySelector<HTMLElement>('main input[type=search]')?.focus();
      else if (action.do === 'unpin') pin(undefined);
      else pin(besides(latest.current, action.do === 'earlier' ? -1 : 1));
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
  if (!isOpen) return null;
  return <Palette commands={commandsOf(props)} onClosed={() => setOpen(false)} />;
}

/** The step before or after the one that is looked at; the last, where none is. */
function besides({ runs, step }: CurveState, by: number): number | undefined {
  const view = runs[0]?.view;
  const last = view?.curve.step.at(-1);
  if (!view || last === undefined) return undefined;
  return step === undefined ? last : Math.min(last, Math.max(1, step + by * view.every));
}

function commandsOf({ greeting, status, goesOn, curves, choose, invite, contribute, ask }: CommandsProps) {
  const { isLog, setLog, isWhole, setWhole, setX, pin, step, onZoom } = curves;
  const views = VIEWS.map(
    ([view, name], i): Command => ({
      ...{ name: `Go to ${name}`, key: String(i + 1) },
      run: () => go({ view }),
    }),
  );
  const steering: Command[] = ask
    ? [
        status.state === 'paused'
          ? { name: 'Resume the run', run: () => ask('resume') }
          : { name: 'Pause the run', run: () => ask('pause') },
        { name: 'Write a checkpoint now', run: () => ask('checkpoint') },
      ]
    : [];
  const joining: Command[] = goesOn
    ? [
        { name: 'Invite others', run: invite },
        { name: 'Contribute this tab', run: contribute },
      ]
    : [];
  const runs = greeting.runs.length > 1 ? greeting.runs : [];
  return [
    ...views,
    ...steering,
    ...joining,
    ...X_KINDS.map((kind): Command => ({ name: `Curves over ${kind}`, run: () => setX(kind) })),
    { name: isLog ? 'Linear loss' : 'Logarithmic loss', run: () => setLog(!isLog) },
    { name: isWhole ? 'Cut off outliers' : 'Show outliers', run: () => setWhole(!isWhole) },
    { name: 'Show all steps', run: () => onZoom(undefined) },
    { name: 'Look at the step before', key: ',', run: () => pin(besides(curves, -1)) },
    { name: 'Look at the step after', key: '.', run: () => pin(besides(curves, 1)) },
    ...(step === undefined ? [] : [{ name: 'Unpin the step', key: 'Esc', run: () => pin(undefined) }]),
    ...(navigator.clipboard
      ? [
          {
            name: 'Copy the link to what is shown',
            run: () => void navigator.clipboard.writeText(location.href).catch(() => undefined),
          },
        ]
      : []),
    {
      name: areKeysOn() ? 'Switch single keys off' : 'Switch single keys on',
      run: () => setKeysOn(!areKeysOn()),
    },
    ...runs.map(({ id, name }): Command => ({ name: `Run ${name}`, run: () => choose(id) })),
    ...status.workers.map(
      ({ id, name }): Command => ({
        name: `Worker ${name}`,
        run: () => go({ view: 'worker', worker: id }),
      }),
    ),
  ] satisfies Command[];
}
