/** How people in the room join: a code to scan, and a short address to type. */
import { useState } from 'preact/hooks';
import { isLoopback } from '../../../../shared/protocol/loopback.js';
import type { Greeting } from '../../../../shared/status/monitoring.js';
import { BASE } from '../../../base.js';
import { act } from '../../data/api.js';
import { QrCode } from '../../join/qr-code.js';

/** Long enough for a lesson, and for a day of an exhibition. */
const HOURS = 24;

export function Joining({ greeting }: { greeting: Greeting }) {
  const [link, setLink] = useState('');
  const [problem, setProblem] = useState('');
  const server = new URL(BASE).pathname === '/' ? new URL(greeting.join).origin : BASE;
  const make = () =>
    act<{ code: string }>('invite', { role: 'volunteer', hours: HOURS, isShort: true }).then(
      ({ code }) => setLink(`${server}/j/${code}`),
      (error: Error) => setProblem(error.message),
    );
  const shown = greeting.tokens ? link : `${server}/join`;
  return (
    <section class="joining" aria-labelledby="joining-title">
      <h2 id="joining-title">Join with your phone</h2>
      {shown ? (
        <>
          <QrCode text={shown} />
          <p class="address">{shown.replace(/^https?:\/\//, '')}</p>
          <p class="soft">
            {isLoopback(new URL(shown).hostname)
              ? 'Only this machine reaches this address: start with --host 0.0.0.0'
              : 'Nothing to install'}
          </p>
        </>
      ) : greeting.admin ? (
        <button type="button" class="primary" onClick={() => void make()}>
          Let this room join
        </button>
      ) : (
        <p class="soft">An admin of the run can show a code here.</p>
      )}
      {problem && <p role="alert">Refused: {problem}</p>}
    </section>
  );
}
