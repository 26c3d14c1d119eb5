/**
 * The last steps, a lane for each worker: when it was leased work, computed, and sent it back. A straggler
 * is the lane that the others wait for. On one canvas: two hundred lanes are redrawn every second.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TimelineView } from '../../../shared/status/monitoring.js';
import { count } from '../data/format.js';
import { useScheme } from '../data/scheme.js';
import { type Lane, type Scale, slowestFirst, under } from './lanes.js';
import { TimeLegend } from './time-bar.js';

const NAMES_PX = 96;
const AXIS_PX = 24;
const STEP_GAP_PX = 6;
/** So many lanes keep their room. */
const LANES_KEPT = 12;
/** Of more workers the slowest are shown, until all are asked for. */
const LANES_SHOWN = 20;
/** Lanes are lower where there are many. */
const laneHeight = (lanes: number) => (lanes <= 3 ? 44 : lanes <= 7 ? 32 : lanes <= 16 ? 24 : 15);

interface TimelineProps {
  timeline: TimelineView | undefined;
  workers: number;
  /** The id of the one lane that is wanted; undefined: all. */
  only?: number | undefined;
}

export function Timeline({ timeline: latest, workers, only }: TimelineProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [frozen, freeze] = useState<TimelineView>();
  const [isWhole, setWhole] = useState(false);
  const [pointed, point] = useState('');
  const timeline = frozen ?? latest;
  const [width, setWidth] = useState(0);
  const scheme = useScheme();
  const all = useMemo(() => (timeline ? slowestFirst(timeline) : []), [timeline]);
  const wanted = only === undefined ? all : all.filter(({ id }) => id === only);
  const lanes = isWhole ? wanted : wanted.slice(0, LANES_SHOWN);
  // Who was in none of the last steps may be in the next: what stands below does not move with that.
  const most = useRef(0);
  most.current = Math.max(most.current, Math.min(Math.max(lanes.length, workers), LANES_KEPT));
  const rows = Math.max(lanes.length, most.current);
  const height = rows * laneHeight(rows) + AXIS_PX;

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(canvas.current!.parentElement!);
    return () => observer.disconnect();
  }, []);
  // The color scheme changes what is drawn
  useEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, timeline, lanes, { width, height, rows });
  }, [timeline, lanes.length, width, height, scheme]);

  return (
    <section class="panel" aria-labelledby="timeline-title">
      <h2 id="timeline-title">
        Last steps <small>{pointed || 'the worker that steps waited for comes first'}</small>
        <span class="row">
          <button
            type="button"
            class="small"
            aria-pressed={frozen !== undefined}
            onClick={() => freeze(frozen ? undefined : latest)}
          >
            Freeze
          </button>
          {wanted.length > LANES_SHOWN && (
            <button type="button" class="small" aria-pressed={isWhole} onClick={() => setWhole(!isWhole)}>
              All {count(wanted.length)} workers
            </button>
          )}
        </span>
        <TimeLegend />
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Lanes of the workers">
        <canvas
          ref={canvas}
          style={{ display: 'block', height: `${height}px` }}
          role="img"
          aria-label={inWords(timeline)}
          onPointerMove={({ offsetX, offsetY }) =>
            point(timeline ? pointedAt(timeline, lanes, { x: offsetX, y: offsetY }, { width, rows }) : '')
          }
          onPointerLeave={() => point('')}
        />
      </section>
    </section>
  );
}

/** A narrow page shows fewer steps, so that they can be told apart. */
const shownSteps = (timeline: TimelineView | undefined, width: number) =>
  (timeline?.steps ?? []).slice(width < 500 ? -4 : -8);

function scaleOf(steps: TimelineView['steps'], width: number): Scale {
  const total = steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0) || 1;
  const perMs = (width - NAMES_PX - STEP_GAP_PX * Math.max(0, steps.length - 1)) / total;
  return { left: NAMES_PX, perMs, gap: STEP_GAP_PX };
}

/** Who, which step, and what is done there, in words; empty where nothing is. */
function pointedAt(
  timeline: TimelineView,
  lanes: readonly Lane[],
  { x, y }: { x: number; y: number },
  { width, rows }: { width: number; rows: number },
): string {
  const lane = lanes[Math.floor(y / laneHeight(Math.max(lanes.length, rows)))];
  const steps = shownSteps(timeline, width);
  const found = lane && under(steps, lane.id, scaleOf(steps, width), x);
  if (!found) return '';
  const { step, segment } = found;
  const who = `${lane.name}, step ${count(step.step)}`;
  if (!segment) return `${who}: waiting`;
  const { shard, shards, started, computed, counted, leased } = segment;
  const which = shards === 1 ? `shard ${shard}` : `shards ${shard} to ${shard + shards - 1}`;
  const ms = (value: number) => `${value < 10 ? value.toFixed(1) : count(value)} ms`;
  return `${who}: ${which}, ${ms(computed - started)} computing, ${ms(counted - leased)} in all`;
}

function draw(
  canvas: HTMLCanvasElement,
  timeline: TimelineView | undefined,
  lanes: readonly Lane[],
  { width, height, rows }: { width: number; height: number; rows: number },
): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d')!;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const steps = shownSteps(timeline, width);
  const lane = laneHeight(Math.max(lanes.length, rows));
  const bar = Math.max(8, lane - (lane > 20 ? 10 : 4));
  const { perMs: scale } = scaleOf(steps, width);

  context.font = `11.5px ${style.fontFamily}`;
  context.textBaseline = 'middle';
  context.fillStyle = color('soft');
  for (const [i, { name }] of lanes.entries()) {
    context.fillText(fitted(context, name, NAMES_PX - 12), 0, i * lane + lane / 2);
  }
  let left = NAMES_PX;
  let labeledUntil = 0;
  for (const { step, milliseconds, segments } of steps) {
    const x = (ms: number) => left + ms * scale;
    const box = (from: number, to: number, top: number, name: string) => {
      if (to <= from) return;
      context.fillStyle = color(name);
      context.fillRect(x(from), top, Math.max(0.5, (to - from) * scale), bar);
    };
    for (const [i, { id }] of lanes.entries()) {
      const top = i * lane + (lane - bar) / 2;
      box(0, milliseconds, top, 'wait');
      for (const segment of segments) {
        if (segment.worker !== id) continue;
        box(segment.leased, segment.started, top, 'download');
        box(segment.computed, segment.counted, top, 'upload');
      }
      // Computing goes on while the node before is still being sent.
      for (const segment of segments) {
        if (segment.worker === id) box(segment.started, segment.computed, top, 'compute');
      }
    }
    const label = `${count(step)} · ${milliseconds < 10 ? milliseconds.toFixed(1) : count(milliseconds)} ms`;
    const room = context.measureText(label).width;
    if (left >= labeledUntil && left + room <= width) {
      context.fillStyle = color('soft');
      context.fillText(label, left, lanes.length * lane + AXIS_PX / 2 + 2);
      labeledUntil = left + room + 12;
    }
    left += milliseconds * scale + STEP_GAP_PX;
  }
}

function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let shown = text.slice(0, 40);
  while (shown.length > 1 && context.measureText(`${shown}…`).width > width) shown = shown.slice(0, -1);
  return `${shown}…`;
}

function inWords(timeline: TimelineView | undefined): string {
  const latest = timeline?.steps.at(-1);
  if (!timeline || !latest) return 'No step has been made yet';
  const last = latest.segments.reduce((a, b) => (b.counted > a.counted ? b : a));
  const name = timeline.workers.find(({ id }) => id === last.worker)?.name ?? 'a worker';
  return `Step ${count(latest.step)} took ${count(latest.milliseconds)} milliseconds; ${name} was the last to be counted`;
}
