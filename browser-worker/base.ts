/**
 * Where the coordinator is that served this page: its origin, and the path under which a reverse proxy has it, if any.
 * Every script lies one folder below it. Without a slash at the end.
 */
const { url } = import.meta;
export const BASE = new URL('..', url).href.replace(/\/$/, '');
