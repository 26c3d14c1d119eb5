/** Who takes part: addresses, tokens, limits, local workers; and who of them is believed. */
import { block, operation, option } from '../../shared/options/option.js';
import {
  either,
  engine,
  oneOf,
  seconds,
  share,
  text,
  toggle,
  whole,
  word,
} from '../../shared/options/option-kinds.js';
import { MAX_LANES } from '../../shared/protocol/sizes.js';
import { TRANSPORTS } from '../../websocket/transport.js';
import { VOLUNTEERS } from '../trust/trust.js';
import { ROBUST_RULES } from '../update/robust/create.js';

const AUTH_MODES = ['tokens', 'none'] as const;

export const TAKING_PART_OPTIONS = block({
  host: option(
    text('ADDR'),
    '127.0.0.1',
    'address to listen on; 0.0.0.0 lets other machines join',
    operation,
  ),
  auth: option(
    oneOf('tokens|none', AUTH_MODES),
    undefined,
    'tokens: joining, watching and steering need a token; none: anyone who reaches the port may join and watch',
    { otherwise: 'none on a loopback address without a proxy, else tokens', scope: 'operation' },
  ),
  anyoneMayJoin: option(
    toggle,
    false,
    'ask for no tokens although other machines reach the port: anyone there may join, and read data and model',
    operation,
  ),
  allowedHosts: option(
    text('HOST,...'),
    undefined,
    'host names that requests may use if no token is needed, beside localhost and --host; *: any',
    { otherwise: 'none; every IP address where --host is no loopback address', scope: 'operation' },
  ),
  allowOrigin: option(
    text('ORIGIN,...'),
    undefined,
    "origins of other sites' pages that may contribute (`swarmgrad/browser`), such as https://example.org",
    { otherwise: 'none: only pages of this coordinator', scope: 'operation' },
  ),
  tokens: option(text('FILE'), undefined, 'file of tokens, made by `swarmgrad token`', {
    otherwise: 'tokens.json in --run-dir',
    scope: 'operation',
  }),
  tlsCert: option(
    text('FILE'),
    undefined,
    'certificate (chain) in PEM form: https and wss on the same port',
    {
      otherwise: 'none: no encryption',
      scope: 'operation',
    },
  ),
  tlsKey: option(
    text('FILE'),
    undefined,
    'private key of the certificate in PEM form; both are reloaded when they change',
    {
      otherwise: 'none',
      scope: 'operation',
    },
  ),
  trustedProxy: option(
    text('ADDR,...'),
    undefined,
    'addresses or networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto to believe',
    { otherwise: 'none', scope: 'operation' },
  ),
  maxConnections: option(whole(1, 65_536), 1024, 'most workers connected at once', operation),
  maxConnectionsPerAddress: option(
    whole(1, 65_536),
    256,
    'most workers connected at once from one address',
    operation,
  ),
  transport: option(
    oneOf('own|ws', TRANSPORTS),
    'own',
    'what reads and writes WebSocket frames: our own code, or the slower package ws',
    operation,
  ),
  port: option(whole(0, 65_535), 8790, 'TCP port to listen on; 0: any free port', operation),
  localWorkers: option(whole(0, 256), 0, 'worker processes to start on this machine', operation),
  localLanes: option(
    either(word('auto'), whole(0, MAX_LANES)),
    0,
    'shards that this process computes itself at a time, without a connection; auto: as many as it may use processors, less one; a crash of an engine then ends the run, which --resume continues',
    operation,
  ),
  localEngine: option(
    engine('NAME', ['auto']),
    'auto',
    'engine of the local workers and lanes; auto: the fastest that works',
    operation,
  ),
  minWorkers: option(whole(1), undefined, 'workers to wait for before the first step', {
    otherwise: '1, and 3 with --robust',
    scope: 'operation',
  }),
  engineClass: option(
    engine('auto|any|NAME', ['auto', 'any'], true),
    'auto',
    'engine class that workers must have; auto: compiled/wasm for volunteers, whose bits can be checked, any for others; any: every class',
  ),
  // A heartbeat comes four times in it, and workers send none more often than every 250 ms.
  deadAfter: option(
    seconds(1, 86_400),
    10,
    'seconds of silence after which a worker counts as dead',
    operation,
  ),

  volunteers: option(
    oneOf('WHO', VOLUNTEERS),
    'none',
    'which workers are volunteers, and so not trusted, if no token is needed: none, tabs (who says that it is a browser), or all',
    operation,
  ),
  auditRate: option(
    share,
    undefined,
    "smallest share of a volunteer's work to recompute, by a trusted worker or the coordinator; 0: no audits",
    { otherwise: '0.05, and 0 with --robust', scope: 'operation' },
  ),
  robust: option(
    oneOf('RULE', ROBUST_RULES),
    'none',
    `how to aggregate gradients when no worker is trusted: ${ROBUST_RULES.join(', ')}; with a rule the result depends on who computed what`,
  ),
});
