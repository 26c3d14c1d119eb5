/** Every option of the worker in Node. */
import { block, call, option } from '../../shared/options/option.js';
import { either, notNegative, oneOf, text, whole, word } from '../../shared/options/option-kinds.js';
import { MAX_LANES } from '../../shared/protocol/sizes.js';
import { TRANSPORTS } from '../../websocket/transport.js';

export const LANES = either(word('auto'), whole(1, MAX_LANES));

export const WORKER_OPTIONS = block({
  name: option(text('NAME'), undefined, 'name of this worker on the dashboard', {
    otherwise: 'host name and process id',
    scope: 'call',
  }),
  engine: option(
    text('auto|NAME'),
    'auto',
    'engine to compute with, for example eager/wasm; auto: the fastest that works',
    call,
  ),
  modelFile: option(
    text('FILE.mjs'),
    undefined,
    'the program of a run whose model is one (start --model FILE.mjs): the same file as the coordinator has',
    { otherwise: 'none', scope: 'call' },
  ),
  token: option(
    text('TOKEN'),
    undefined,
    'token of the run; better set in the variable SWARMGRAD_TOKEN, which process lists do not show',
    { otherwise: 'SWARMGRAD_TOKEN, or the content of the file SWARMGRAD_TOKEN_FILE', scope: 'call' },
  ),
  ca: option(text('FILE'), undefined, 'certificate of the coordinator or of its authority, in PEM form', {
    otherwise: 'those that Node trusts',
    scope: 'call',
  }),
  lanes: option(
    LANES,
    'auto',
    'shards computed at a time, each by an engine of its own; auto: as many as this process may use processors, less one on the machine of the coordinator',
    call,
  ),
  threads: option(
    whole(1, MAX_LANES),
    1,
    'threads of each engine compiled/cpu; the number is part of its engine class',
    call,
  ),
  transport: option(
    oneOf('own|ws', TRANSPORTS),
    'own',
    'what reads and writes WebSocket frames: our own code, or the slower package ws',
    call,
  ),
  giveUpAfter: option(
    notNegative,
    0,
    'seconds without a coordinator after which the worker ends with an error; 0: never',
    call,
  ),
  cacheDir: option(text('DIR'), undefined, 'folder that caches data between runs', {
    otherwise: "the system's cache folder",
    scope: 'call',
  }),
  cacheMb: option(whole(0), 2048, 'size limit of the cache in megabytes; 0: no cache', call),
});
