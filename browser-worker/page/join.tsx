/** The join page's entry: mounts the view by which a volunteer contributes this tab. */
import { render } from 'preact';
import { JoinView } from './join-view.js';

render(<JoinView />, document.getElementById('app')!);
