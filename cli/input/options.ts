/** Options of the command line alone. */
import { block, call, option } from '../../shared/options/option.js';
import { matching, oneOf, text, toggle } from '../../shared/options/option-kinds.js';
import { LEVELS } from '../../shared/status/events.js';

export const LOG_FORMATS = ['text', 'json'] as const;

/** Both commands have them. */
export const TERMINAL_OPTIONS = block({
  quiet: option(toggle, false, 'no progress display and no log, only errors', call),
  verbose: option(toggle, false, 'the log from debug on, and stack traces', call),
  logFormat: option(
    oneOf('text|json', LOG_FORMATS),
    'text',
    'text: lines for people on standard error; json: one JSON object a line on standard output, and no progress display',
    call,
  ),
  logLevel: option(oneOf('LEVEL', LEVELS), undefined, `least level of the log: ${LEVELS.join(', ')}`, {
    otherwise: 'info; debug with --verbose, error with --quiet',
    scope: 'call',
  }),
});

/** Of the commands that start a coordinator. */
export const EVENT_OPTIONS = block({
  onEvent: option(
    matching(
      'COMMAND|URL',
      'a command for the shell, or an address such as https://HOST/PATH',
      /^(?!https?:\/\/)\s*\S|^https?:\/\/[^\s/?#]+\S*$/i,
    ),
    undefined,
    'tell each event of the run, as JSON: to a command on its standard input, or to an address by POST',
    { otherwise: 'none', scope: 'call' },
  ),
});

export const FILE_OPTIONS = block({
  config: option(text('FILE'), undefined, 'JSON file of options, named in camelCase; flags override it', {
    otherwise: 'none',
    scope: 'call',
  }),
});

/** What `--help` says below the flags. */
export const ENVIRONMENT_HELP =
  '\nThe variable SWARMGRAD_TRACE=protocol adds a line on standard error for each message that is sent or received.';
