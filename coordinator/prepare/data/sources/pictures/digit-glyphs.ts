/** The ways in which the embedded digits are written: strokes in the unit square, y downwards. */

export type Stroke = readonly (readonly [number, number])[];

/** Part of an ellipse as a polyline; angles in degrees, 0 to the right, clockwise on the screen. */
function arc(cx: number, cy: number, rx: number, ry: number, from: number, to: number): Stroke {
  const pieces = Math.max(3, Math.ceil(Math.abs(to - from) / 30));
  return Array.from({ length: pieces + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / pieces) * Math.PI) / 180;
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)] as const;
  });
}

const line = (...points: Stroke): Stroke => points;

/** The variants of each digit, each a list of strokes. */
export const GLYPHS: readonly (readonly (readonly Stroke[])[])[] = [
  [[arc(0.5, 0.5, 0.42, 0.5, -90, 270)], [arc(0.5, 0.5, 0.3, 0.5, -60, 300)]],
  [
    [line([0.5, 0], [0.5, 1])],
    [line([0.25, 0.25], [0.55, 0], [0.55, 1])],
    [line([0.25, 0.22], [0.52, 0], [0.52, 1]), line([0.22, 1], [0.82, 1])],
  ],
  [
    [[...arc(0.5, 0.28, 0.4, 0.28, -170, 30), [0.08, 1]], line([0.08, 1], [0.95, 1])],
    [
      [...arc(0.5, 0.28, 0.38, 0.28, -160, 40), [0.3, 0.85]],
      arc(0.28, 0.86, 0.16, 0.13, -80, -330),
      line([0.35, 0.96], [0.95, 0.98]),
    ],
  ],
  [
    [arc(0.45, 0.26, 0.38, 0.26, -150, 90), arc(0.45, 0.74, 0.42, 0.26, -90, 150)],
    [line([0.1, 0.03], [0.85, 0.03], [0.45, 0.42]), arc(0.45, 0.7, 0.42, 0.29, -90, 150)],
  ],
  [
    [line([0.65, 0], [0.05, 0.65], [0.98, 0.65]), line([0.7, 0.35], [0.7, 1])],
    [line([0.15, 0.02], [0.12, 0.5], [0.85, 0.5]), line([0.82, 0.02], [0.8, 1])],
    [line([0.68, 1], [0.68, 0], [0.05, 0.68], [0.98, 0.68])],
  ],
  [
    [line([0.88, 0.02], [0.2, 0.02], [0.15, 0.44]), arc(0.45, 0.69, 0.42, 0.3, -120, 150)],
    [line([0.2, 0.05], [0.18, 0.42]), line([0.2, 0.05], [0.9, 0.03]), arc(0.42, 0.68, 0.45, 0.31, -110, 140)],
  ],
  [
    [
      [
        [0.75, 0.02],
        [0.4, 0.25],
        [0.14, 0.65],
      ],
      arc(0.5, 0.7, 0.38, 0.3, -180, 180),
    ],
    [arc(0.62, 0.6, 0.55, 0.62, -80, -190), arc(0.48, 0.73, 0.4, 0.26, -180, 180)],
  ],
  [
    [line([0.05, 0.03], [0.92, 0.03], [0.4, 1])],
    [line([0.05, 0.05], [0.92, 0.03], [0.38, 1]), line([0.3, 0.5], [0.85, 0.5])],
  ],
  [
    [arc(0.5, 0.25, 0.32, 0.25, 90, 450), arc(0.5, 0.74, 0.4, 0.26, -90, 270)],
    [[...arc(0.5, 0.24, 0.34, 0.24, -20, -270), ...arc(0.5, 0.74, 0.38, 0.26, -90, 270)]],
  ],
  [
    [arc(0.48, 0.28, 0.36, 0.28, 0, 360), line([0.84, 0.28], [0.8, 0.7], [0.6, 1])],
    [arc(0.48, 0.28, 0.38, 0.28, 0, 360), line([0.86, 0.25], [0.86, 1])],
    [arc(0.48, 0.27, 0.36, 0.27, 0, 360), arc(0.42, 0.6, 0.44, 0.4, -40, 130)],
  ],
];
