/** The dashboard's entry: mounts the page. */
import { App } from './app.js';
import { mount } from './entry.js';

void mount(['admin', 'worker', 'monitor'], () => <App />);
