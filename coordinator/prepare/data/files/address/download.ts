/** Fetches a file to the end: again after failures, and from where the last attempt was cut off, if the server can. */
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../../../../shared/user-error.js';
import { parsedAddress, shownAddress } from './address.js';
import { causeOf, Interrupted, NotThere, request } from './request.js';

/** Attempts in a row of which none brings a byte. */
const ATTEMPTS = 5;
const FIRST_WAIT_MS = 500;
/** Nothing is heard for so long. */
const SILENCE_MS = 60_000;
const TELL_EVERY_MS = 2000;

export interface Validators {
  etag?: string | undefined;
  lastModified?: string | undefined;
}

export interface DownloadOptions {
  address: string;
  /** A file that is written, from its beginning. */
  to: string;
  /** Of a copy that is there: what has not changed is not fetched. */
  known?: Validators | undefined;
  /** Hears how far it is, where that takes long. */
  tell?: ((text: string) => void) | undefined;
  /** Before another attempt; tests do not wait. */
  wait?: ((ms: number) => Promise<unknown>) | undefined;
}

export type Downloaded = { isUnchanged: true } | ({ isUnchanged: false; bytes: number } & Validators);

/** @throws UserError with status and address; NotThere where the server has no such file */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const { address, to, wait = delay } = options;
  const file = await open(to, 'w');
  const state: Progress = { at: 0, total: undefined, validators: {}, told: Date.now() };
  try {
    for (let failures = 0; ; ) {
      const before = state.at;
      try {
        return await attempt(options, file, state);
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        failures = state.at > before ? 1 : failures + 1;
        if (failures >= ATTEMPTS)
          throw new UserError(
            `${shownAddress(address)} cannot be fetched: ${error.message} (${ATTEMPTS} attempts, ${megabytes(state.at)} fetched): try again later, or check the address`,
          );
        await wait(Math.max(error.waitMs, FIRST_WAIT_MS * 2 ** (failures - 1)));
      }
    }
  } finally {
    await file.close();
  }
}

interface Progress {
  at: number;
  total: number | undefined;
  validators: Validators;
  told: number;
}

/** Typed as in Node: pages, whose types know no iterator, check this file too. */
const bytesOf = ({ body }: Response) => (body ?? []) as unknown as AsyncIterable<Uint8Array>;

async function attempt(options: DownloadOptions, file: FileHandle, state: Progress): Promise<Downloaded> {
  const { address, known, tell } = options;
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  try {
    const answer = await request(parsedAddress(address), headersFor(state, known), silence.signal);
    heard();
    if (answer.status === 304) return { isUnchanged: true };
    begin(answer, state, shownAddress(address));
    for await (const piece of bytesOf(answer)) {
      heard();
      for (let from = 0; from < piece.length; ) {
        const { bytesWritten } = await file.write(piece, from, piece.length - from, state.at);
        from += bytesWritten;
        state.at += bytesWritten;
      }
      const { at, total } = state;
      if (Date.now() - state.told >= TELL_EVERY_MS) {
        state.told = Date.now();
        tell?.(
          `fetching ${shownAddress(address)}: ${megabytes(at)}${total === undefined ? '' : ` of ${megabytes(total)}`}`,
        );
      }
    }
  } catch (error) {
    if (error instanceof Interrupted || error instanceof UserError || error instanceof NotThere) throw error;
    if ((error as NodeJS.ErrnoException).syscall === 'write') throw error;
    throw new Interrupted(silence.signal.aborted ? `no word for ${SILENCE_MS / 1000} s` : causeOf(error));
  } finally {
    clearTimeout(timer);
  }
  const { at, total, validators } = state;
  if (total !== undefined && at < total)
    throw new Interrupted(`the answer ends after ${at} of ${total} bytes`);
  if (total !== undefined && at > total)
    throw new UserError(
      `${shownAddress(address)} sends more than the ${total} bytes that it tells: check the server`,
    );
  await file.truncate(at);
  return { isUnchanged: false, bytes: at, ...validators };
}

/** Goes on only with what is certainly the same file. */
function headersFor({ at, validators }: Progress, known: Validators | undefined): Record<string, string> {
  const { etag } = validators;
  if (at > 0 && etag !== undefined && !etag.startsWith('W/'))
    return { range: `bytes=${at}-`, 'if-range': etag };
  if (at > 0 || !known) return {};
  if (known.etag !== undefined) return { 'if-none-match': known.etag };
  return known.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified };
}

function begin(answer: Response, state: Progress, address: string): void {
  const { headers } = answer;
  if (answer.status === 206) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
    if (Number(from) !== state.at)
      throw new UserError(
        `${address} answers with another part than was asked for: fetch the file by other means`,
      );
    state.total = Number(total);
    return;
  }
  const length = headers.get('content-length');
  state.at = 0;
  state.total = length === null || headers.has('content-encoding') ? undefined : Number(length);
  state.validators = {
    etag: headers.get('etag') ?? undefined,
    lastModified: headers.get('last-modified') ?? undefined,
  };
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
