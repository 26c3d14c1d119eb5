/** What a bench is: one question, answered by ratios that were measured in one run. */
export interface BenchResult {
  /** What was measured, for people. */
  name: string;
  [figure: string]: string | number | boolean;
}

export interface Bench {
  question: string;
  /** `python`: a Python with torch, for benches beside PyTorch. `models`: those alone, for benches of engines. */
  run(options: {
    quick: boolean;
    python: string | undefined;
    models?: readonly string[] | undefined;
    log: (line: string) => void;
  }): Promise<BenchResult[]>;
}
