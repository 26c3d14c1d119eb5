/** What must be ended again, the latest first: of something that is put together part by part, and may fail half-way. */
export class Cleanup {
  private ends: (() => unknown)[] = [];

  defer(end: () => unknown): void {
    this.ends.push(end);
  }

  /** Ends all, also if one fails; what is deferred later is left to the next call. @throws the first error */
  async run(): Promise<void> {
    const ends = this.ends.reverse();
    this.ends = [];
    const errors: unknown[] = [];
    for (const end of ends) {
      try {
        await end();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
