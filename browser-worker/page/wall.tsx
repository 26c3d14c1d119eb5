/** The wall's entry: mounts the page that a projector shows. */
import { mount } from './entry.js';
import { Wall } from './views/wall/wall.js';

void mount(['admin', 'worker', 'monitor'], () => <Wall />);
