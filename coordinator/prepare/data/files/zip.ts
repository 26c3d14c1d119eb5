/** Files within a ZIP archive, unpacked in memory. */
import { unzipSync } from 'fflate';
import { messageOf, UserError } from '../../../../shared/user-error.js';

/** @returns contents by name, in the order of the archive. @throws UserError naming the archive */
export function unzipped(bytes: Uint8Array, path: string): Map<string, Uint8Array> {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b)
    throw new UserError(`${path} is no ZIP archive: check the path of --data`);
  try {
    return new Map(Object.entries(unzipSync(bytes)));
  } catch (error) {
    throw new UserError(`${path} is no complete ZIP archive (${messageOf(error)}): fetch or save it again`);
  }
}
