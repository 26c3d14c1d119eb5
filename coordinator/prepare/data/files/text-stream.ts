/** The text of a file piece by piece, gzip or not: files larger than memory, or than one string, have no other way. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, UserError } from '../../../../shared/user-error.js';
import { type Decoder, decoderFor, decodeText } from './decode.js';
import { readDataFile, unreadable } from './files.js';

const PIECE_BYTES = 1 << 20;

/**
 * @param encoding as `decodeText` takes it
 * @param known what is in the file, unpacked, where that is in memory already
 * @throws UserError naming the file, and the line that is no text in the encoding
 */
export async function* textPieces(
  file: string,
  encoding?: string,
  known?: Uint8Array,
): AsyncGenerator<string> {
  let decoder: Decoder | undefined;
  for await (const bytes of known ? piecesOf(known) : bytePieces(file)) {
    decoder ??= decoderFor(file, bytes, encoding);
    yield await checked(() => decoder!.decode(bytes, { stream: true }));
  }
  if (decoder) yield await checked(() => decoder!.decode());

  async function checked(decode: () => string): Promise<string> {
    let text: string | undefined;
    try {
      text = decode();
    } catch {
      // Told below.
    }
    if (text !== undefined && (encoding !== undefined || !text.includes('\0'))) return text;
    // The fault is looked for in the whole file: that tells its line.
    return decodeText(file, known ?? (await readDataFile(file)), encoding);
  }
}

/** Pieces of at least 4 bytes, but for the last: the first one has a mark of the byte order whole. */
async function* bytePieces(file: string): AsyncGenerator<Uint8Array> {
  const raw = createReadStream(file, { highWaterMark: PIECE_BYTES });
  try {
    const pieces = raw[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const first = await pieces.next();
    if (first.done) return;
    const { value } = first;
    const all = rest(value, pieces);
    if (value[0] !== 0x1f || value[1] !== 0x8b) yield* all;
    else yield* unpacked(file, all);
  } catch (error) {
    throw error instanceof UserError ? error : unreadable(file, error);
  } finally {
    raw.destroy();
  }
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

async function* rest(first: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let next: IteratorResult<Buffer> = { value: first }; !next.done; next = await pieces.next())
    yield next.value;
}

async function* unpacked(file: string, packed: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  const source = Readable.from(packed);
  source.on('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (error) {
    throw new UserError(`${file} is not a complete gzip file (${messageOf(error)}): fetch it again`);
  }
}
