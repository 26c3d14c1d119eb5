/** The join page's entry: mounts the page by which a volunteer contributes this tab. */
import { mount } from './entry.js';
import { JoinPage } from './join/join-page.js';

void mount(['admin', 'worker', 'volunteer'], ({ roles, isOver }) => (
  <JoinPage isOver={isOver} mayWatch={roles.some((role) => role !== 'volunteer')} />
));
