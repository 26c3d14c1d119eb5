/** What an admin asks of the run: one thing at a time, and what is refused is told. */
import { useState } from 'preact/hooks';
import { act } from './api.js';

export interface Admin {
  /** What is being asked; empty: nothing. */
  asked: string;
  ask(action: string, body?: object): void;
}

export function useAdmin(onRefused: (reason: string) => void): Admin {
  const [asked, setAsked] = useState('');
  const ask = (action: string, body?: object) => {
    setAsked(action);
    // What was refused before is answered by this.
    onRefused('');
    act(action, body).then(
      () => setAsked(''),
      (error: Error) => {
        setAsked('');
        onRefused(error.message);
      },
    );
  };
  return { asked, ask };
}
