/** Files within a ZIP archive, unpacked in memory. */
import { unzipSync } from 'fflate';
import { messageOf, UserError } from '../../../../shared/user-error.js';

/**
 * @param isWanted asked with each file's name; the others are not unpacked
 * @returns contents by name, in the order of the archive. @throws UserError naming the archive
 */
export function unzipped(
  bytes: Uint8Array,
  path: string,
  isWanted: (name: string) => boolean = () => true,
): Map<string, Uint8Array> {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b)
    throw new UserError(`${path} is no ZIP archive: check the path of --data`);
  try {
    return new Map(Object.entries(unzipSync(bytes, { filter: ({ name }) => isWanted(name) })));
  } catch (error) {
    throw new UserError(`${path} is no complete ZIP archive (${messageOf(error)}): fetch or save it again`);
  }
}
