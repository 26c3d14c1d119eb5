/** The join page: what contributing means, and the panel by which a volunteer does it. */
import { useMemo } from 'preact/hooks';
import { type Contribution, createContribution } from '../../tab/contribute.js';
import { ContributionPanel } from './contribution-panel.js';

export function JoinPage({ isOver, mayWatch }: { isOver: boolean; mayWatch: boolean }) {
  return isOver ? <Over mayWatch={mayWatch} /> : <Invited mayWatch={mayWatch} />;
}

/** A link is opened again after the run, too. */
const Over = ({ mayWatch }: { mayWatch: boolean }) => (
  <main class="join">
    <h1>This run is over</h1>
    <p>Thank you to everyone who helped. There is nothing left to compute here.</p>
    {mayWatch && (
      <p>
        <a href="./">See what came of it</a>
      </p>
    )}
  </main>
);

function Invited({ mayWatch }: { mayWatch: boolean }) {
  const contribution = useMemo(contributionOfLink, []);
  return (
    <main class="join">
      <h1>Train together</h1>
      <p>
        A model is being trained by many devices, and yours can be one of them. This tab computes gradients;
        close it whenever you like, and others take over what it had in hand.
      </p>
      <section aria-label="Your contribution">
        <ContributionPanel contribution={contribution} />
      </section>
      <p>
        It runs in the browser's sandbox: it can't see your files or photos, and only numbers leave this
        device. {mayWatch && <a href="./">Watch the training</a>}
      </p>
    </main>
  );
}

/** `?engine=` chooses the engine, `?cores=` how many, `?name=` how this browser is shown; only `?auto=1` starts. */
function contributionOfLink(): Contribution {
  const given = new URLSearchParams(location.search);
  const [engine, name] = [given.get('engine'), given.get('name')?.slice(0, 100)];
  const contribution = createContribution({
    ...(engine ? { engine } : {}),
    ...(name ? { name } : {}),
    ...(given.has('cores') ? { cores: Number(given.get('cores')) } : {}),
  });
  if (given.get('auto') === '1') contribution.start();
  return contribution;
}
