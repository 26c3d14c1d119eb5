/** Contributing from the dashboard: its button was the click, so the tab starts at once. */
import { useEffect, useMemo } from 'preact/hooks';
import { createContribution } from '../../tab/contribute.js';
import { ContributionPanel } from './contribution-panel.js';

export function JoinView() {
  const contribution = useMemo(() => createContribution(), []);
  useEffect(() => {
    contribution.start();
    return () => contribution.stop();
  }, [contribution]);
  return <ContributionPanel contribution={contribution} />;
}
