/** One answer over HTTP: redirects followed, some of them; credentials given to the host that they were meant for. */
import { messageOf, UserError } from '../../../../../shared/user-error.js';
import { shownAddress } from './address.js';
import { isS3, otherRegion, S3_REMEDY, s3Request } from './s3.js';

const MOST_REDIRECTS = 5;

/** Another attempt may succeed. */
export class Interrupted extends Error {
  /** @param waitMs what the server asks for */
  constructor(
    message: string,
    readonly waitMs = 0,
  ) {
    super(message);
  }
}

/** The server's word that there is no such file, or none for us. */
export class NotThere extends Error {
  constructor(readonly status: number) {
    super(`answer ${status}`);
  }
}

/** Statuses after which waiting helps. */
const isPassing = (status: number): boolean => [408, 425, 429].includes(status) || status >= 500;

/**
 * @returns an answer of status 200, 206 or 304
 * @throws Interrupted; NotThere; UserError for answers that will not change
 */
export async function request(
  address: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  if (isS3(address)) return requestS3(address, headers, signal);
  let url = new URL(address);
  const authorization = basicOf(url);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const isSameOrigin = url.origin === address.origin;
    const bare = new URL(url);
    bare.username = '';
    bare.password = '';
    const answer = await ask(
      bare,
      { ...headers, ...(authorization && isSameOrigin ? { authorization } : {}) },
      signal,
    );
    const { status } = answer;
    if (isGiven(status)) return answer;
    await answer.body?.cancel().catch(() => undefined);
    const location = answer.headers.get('location');
    if ([301, 302, 303, 307, 308].includes(status) && location) {
      const next = new URL(location, url);
      if (!/^https?:$/.test(next.protocol) || (url.protocol === 'https:' && next.protocol === 'http:'))
        throw new UserError(
          `${shownAddress(url.href)} leads to ${shownAddress(next.href)}, which is not secure: give the address itself if you trust it`,
        );
      url = next;
      continue;
    }
    if (status === 401)
      throw new UserError(
        `${shownAddress(url.href)} asks for credentials (401): give a presigned address, or https://USER:PASSWORD@HOST/...`,
      );
    refuse(answer, url);
  }
  throw new UserError(
    `${shownAddress(address.href)} is redirected more than ${MOST_REDIRECTS} times: give the address to which it leads`,
  );
}

/** Signed for one host, so it follows no redirect. */
async function requestS3(
  address: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const { url, headers: signed } = await s3Request(address, headers);
  const answer = await ask(url, signed, signal);
  const { status } = answer;
  if (isGiven(status)) return answer;
  await answer.body?.cancel().catch(() => undefined);
  const shown = shownAddress(address.href);
  const region = otherRegion(answer);
  if (region) throw new UserError(`${shown} lies in the region ${region}: set AWS_REGION=${region}`, 2);
  if (status === 401 || status === 403)
    throw new UserError(
      `${shown} answers ${status}: there is no such file, or it may not be read: ${S3_REMEDY}`,
    );
  if (status >= 300 && status < 400)
    throw new UserError(`${shown} leads elsewhere (${status}): set AWS_REGION or AWS_ENDPOINT_URL`);
  return refuse(answer, address);
}

async function ask(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  try {
    return await fetch(url, {
      redirect: 'manual',
      // Bytes as they lie there: their number is compared, and parts are asked for.
      headers: { ...headers, 'accept-encoding': 'identity' },
      signal,
    });
  } catch (error) {
    throw new Interrupted(causeOf(error));
  }
}

const isGiven = (status: number): boolean => status === 200 || status === 206 || status === 304;

/** @throws Interrupted; NotThere; UserError for an answer that will not change */
function refuse(answer: Response, url: URL): never {
  const { status } = answer;
  if (status === 403 || status === 404 || status === 410) throw new NotThere(status);
  if (isPassing(status)) throw new Interrupted(`answer ${status}`, retryAfterOf(answer));
  throw new UserError(`${shownAddress(url.href)} answers ${status}: check the address`);
}

function basicOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

function retryAfterOf(answer: Response): number {
  const seconds = Number(answer.headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) ? Math.min(60, Math.max(0, seconds)) * 1000 : 0;
}

/** `fetch failed` says nothing. */
export function causeOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return cause === undefined
    ? messageOf(error)
    : messageOf(cause) || String((cause as { code?: string }).code);
}
