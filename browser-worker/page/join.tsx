/** The join page's entry: mounts the page by which a volunteer contributes this tab. */
import { render } from 'preact';
import { JoinPage } from './join-page.js';
import './style.css';

render(<JoinPage />, document.getElementById('app')!);
