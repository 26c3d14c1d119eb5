/** Contributing from within the dashboard: whoever clicked there wants to begin. */
import { useEffect, useMemo } from 'preact/hooks';
import { createContribution } from '../contribute.js';
import { ContributionPanel } from './contribution-panel.js';
import './contribute-here.css';

export function ContributeHere() {
  const contribution = useMemo(() => createContribution({}), []);
  useEffect(() => {
    contribution.start();
    return () => contribution.stop();
  }, [contribution]);
  return <ContributionPanel contribution={contribution} />;
}
