/** The global scope of a dedicated worker. TypeScript's libraries for pages and for workers exclude each other. */
interface DedicatedWorkerScope {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  /** Ends this worker. */
  close(): void;
  readonly navigator: Navigator;
}

export const scope = self as unknown as DedicatedWorkerScope;
