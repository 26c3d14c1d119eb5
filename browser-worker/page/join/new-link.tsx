/** Makes a link for somebody else: what it lets them do, and for how long. It is shown this once. */
import { useState } from 'preact/hooks';
import type { Role } from '../../../shared/protocol/roles.js';
import { act } from '../data/api.js';
import { QrCode } from './qr-code.js';

const USES: [Exclude<Role, 'worker'>, string][] = [
  ['volunteer', 'help with a browser'],
  ['monitor', 'watch'],
  ['admin', 'watch and steer'],
];
const LIVES: [hours: number | undefined, text: string][] = [
  [24, 'a day'],
  [7 * 24, 'a week'],
  [undefined, 'until it is revoked'],
];

/** @param server where the coordinator is reached */
export function NewLink({ server }: { server: string }) {
  const [role, setRole] = useState(USES[0]![0]);
  const [life, setLife] = useState(1);
  const [made, setMade] = useState<{ link: string; of: string }>();
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    try {
      const hours = LIVES[life]![0];
      const { token } = await act<{ token: string }>('invite', { role, ...(hours ? { hours } : {}) });
      const page = role === 'volunteer' ? 'join' : '';
      setMade({ link: `${server}/${page}#token=${token}`, of: role });
      setProblem('');
    } catch (error) {
      setProblem((error as Error).message);
    }
    setBusy(false);
  };
  return (
    <div class="new-link">
      <label>
        A link to{' '}
        <select value={role} onChange={({ currentTarget }) => setRole(currentTarget.value as typeof role)}>
          {USES.map(([use, text]) => (
            <option key={use} value={use}>
              {text}
            </option>
          ))}
        </select>
      </label>{' '}
      <label>
        that holds{' '}
        <select value={life} onChange={({ currentTarget }) => setLife(Number(currentTarget.value))}>
          {LIVES.map(([, text], i) => (
            <option key={text} value={i}>
              {text}
            </option>
          ))}
        </select>
      </label>{' '}
      <button type="button" class="primary" disabled={isBusy} onClick={() => void make()}>
        Create link
      </button>
      {problem && <p role="alert">Refused: {problem}</p>}
      {made && (
        <div class="made" role="status">
          <QrCode text={made.link} />
          <p>
            <code data-testid="link">{made.link}</code>
            <br />
            <span class="soft">Whoever has it may come in. Keep it: it is shown only now.</span>
          </p>
        </div>
      )}
    </div>
  );
}
