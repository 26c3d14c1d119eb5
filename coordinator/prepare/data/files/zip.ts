/** Files within a ZIP archive, unpacked in memory. */
import { unzipSync } from 'fflate';
import { messageOf, UserError } from '../../../../shared/user-error.js';

export interface ZipEntry {
  name: string;
  /** Bytes once it is unpacked, as the archive says. */
  size: number;
}

/** @returns contents by name, in the order of the archive. @throws UserError naming the archive */
export function unzipped(
  bytes: Uint8Array,
  path: string,
  wanted: (entry: ZipEntry) => boolean = () => true,
): Map<string, Uint8Array> {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b)
    throw new UserError(`${path} is no ZIP archive: check the path of --data`);
  try {
    const filter = ({ name, originalSize }: { name: string; originalSize: number }) =>
      wanted({ name, size: originalSize });
    return new Map(Object.entries(unzipSync(bytes, { filter })));
  } catch (error) {
    throw new UserError(`${path} is no complete ZIP archive (${messageOf(error)}): fetch or save it again`);
  }
}

/** What an archive holds, without unpacking it. @throws UserError naming the archive */
export function zipEntries(bytes: Uint8Array, path: string): ZipEntry[] {
  const entries: ZipEntry[] = [];
  unzipped(bytes, path, (entry) => {
    entries.push(entry);
    return false;
  });
  return entries;
}
