/**
 * Float32 arithmetic in plain TypeScript: `f` rounds to float32 after every operation that a store does not round.
 * That float64 rounds first does no harm: for + - * / and sqrt of float32 values it has enough digits
 * (Figueroa 1995, "When is double rounding innocuous?").
 */
export const f = Math.fround;

/** a + share (b - a) */
export const toward = (a: number, b: number, share: number) => f(a + f(share * f(b - a)));

/** decay v + (rest u) u */
export const squares = (v: number, u: number, decay: number, rest: number) =>
  f(f(v * decay) + f(f(rest * u) * u));

export const root = (x: number) => f(Math.sqrt(x));
