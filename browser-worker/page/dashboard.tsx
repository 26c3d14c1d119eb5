/** The dashboard's entry: mounts the page. */
import { render } from 'preact';

render(<main>swarmgrad</main>, document.getElementById('app')!);
