/** Bytes of a file as text, exactly or not at all: a replacement character would make one name of two. */
import { messageOf, UserError } from '../../../../shared/user-error.js';

export type Decoder = InstanceType<typeof TextDecoder>;

/**
 * @param encoding a label of the Encoding Standard, such as `latin1`; by default what a byte order mark says,
 *   or else UTF-8
 * @throws UserError naming the line that is no text in the encoding
 */
export function decodeText(file: string, bytes: Uint8Array, encoding?: string): string {
  const decoder = decoderFor(file, bytes, encoding);
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (error) {
    throw new UserError(whyUndecodable(file, bytes, decoder.encoding, error));
  }
  const nul = encoding === undefined ? text.indexOf('\0') : -1;
  if (nul < 0) return text;
  throw new UserError(
    `${file}, line ${lineAt(text, nul)}: a NUL character: give its encoding (encoding=utf-16le, say), or another file`,
  );
}

/** @param bytes the first of the file, at least. @throws UserError */
export function decoderFor(file: string, bytes: Uint8Array, encoding?: string): Decoder {
  const marked = markOf(file, bytes);
  const decoder = decoderOf(encoding ?? marked ?? 'utf-8');
  if (marked && decoder.encoding !== marked) {
    throw new UserError(
      `${file} begins with the byte order mark of ${marked}: leave encoding=${encoding} out`,
      2,
    );
  }
  return decoder;
}

/** What a byte order mark says. */
function markOf(file: string, [a, b, c, d]: Uint8Array): string | undefined {
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff))
    throw new UserError(`${file} is UTF-32, which is not read: convert it to UTF-8`);
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  return undefined;
}

function decoderOf(encoding: string): Decoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    throw new UserError(
      `--data option encoding: ${encoding} is not known; utf-8, utf-16le, latin1 and shift_jis are some that are`,
      2,
    );
  }
}

function whyUndecodable(file: string, bytes: Uint8Array, encoding: string, error: unknown): string {
  if (encoding === 'utf-8')
    return `${file}, line ${firstBadLine(bytes)}: no UTF-8 text: give the file's encoding (encoding=latin1, say), or convert it`;
  return `${file} is not ${encoding} text (${messageOf(error)}): give its encoding (encoding=NAME), or convert it`;
}

const [LINE_FEED, RETURN] = [0x0a, 0x0d];

/** The first line that is not UTF-8. Lines end in either way, or in both. */
function firstBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for (let at = 0, from = 0; at < bytes.length; at++) {
    if (bytes[at] !== LINE_FEED && bytes[at] !== RETURN) continue;
    try {
      decoder.decode(bytes.subarray(from, at));
    } catch {
      return line;
    }
    if (bytes[at] === LINE_FEED || bytes[at + 1] !== LINE_FEED) line++;
    from = at + 1;
  }
  return line;
}

/** The line of a place in a text, from 1. */
export const lineAt = (text: string, at: number): number => text.slice(0, at).split(/\r\n|\r|\n/).length;
