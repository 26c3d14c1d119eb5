/**
 * How a run that is over goes on: an admin asks for it where the run is still served, and the program that leads runs
 * does it, if it has offered to.
 */

/** From which checkpoint a run that is over goes on, and with which learning rate. */
export interface Continuation {
  /** With the newest checkpoint, or with the best. */
  from: 'last' | 'best';
  /** The step of that checkpoint. */
  step: number;
  /** The peak of the learning rate from there on; undefined: the one that it has. */
  learningRate?: number | undefined;
}

export class Continuations {
  private take: ((how: Continuation) => void) | undefined;

  get isOffered(): boolean {
    return this.take !== undefined;
  }

  /** Offers it. Resolves once it is asked for. */
  offer(): Promise<Continuation> {
    return new Promise((resolve) => {
      this.take = resolve;
    });
  }

  /** The first who asks is heard. */
  ask(how: Continuation): void {
    this.take?.(how);
    this.take = undefined;
  }
}
