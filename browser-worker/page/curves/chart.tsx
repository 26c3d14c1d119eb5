/** One uPlot chart that follows its size, its numbers and the color scheme. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useScheme } from '../data/scheme.js';

export interface ChartProps {
  data: uPlot.AlignedData;
  /** Made anew when `shape` or the color scheme changes; `color` resolves a CSS variable. */
  options(color: (name: string) => string): Omit<uPlot.Options, 'width' | 'height'>;
  /** What the options depend on. */
  shape: string;
  height: number;
  /** What the chart shows, in words. */
  label: string;
  /** What else is drawn, by the hooks of `options`: it is drawn again when this changes. */
  marks?: unknown;
}

export function Chart({ data, options, shape, height, label, marks }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(data);
  latest.current = data;
  const scheme = useScheme();

  // `shape` stands for what the options depend on
  useEffect(() => {
    const style = getComputedStyle(box.current!);
    const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const size = { width: box.current!.clientWidth, height };
    plot.current = new uPlot({ ...options(color), ...size }, latest.current, box.current!);
    // Its canvas is described by the box around it.
    const observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry!.contentRect.width);
      if (width > 0 && width !== plot.current!.width) plot.current!.setSize({ width, height });
    });
    observer.observe(box.current!);
    return () => {
      observer.disconnect();
      plot.current!.destroy();
    };
  }, [shape, scheme, height]);

  useEffect(() => plot.current?.setData(data), [data]);
  useEffect(() => plot.current?.redraw(false), [marks]);
  // It has its height before it is drawn, so that nothing below moves then.
  return <div class="chart" ref={box} role="img" aria-label={label} style={{ minHeight: `${height}px` }} />;
}
