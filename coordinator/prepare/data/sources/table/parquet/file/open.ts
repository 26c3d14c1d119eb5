/** One Parquet file, opened: what it says of itself, and where its columns are read from. */
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync } from 'hyparquet';
import { messageOf, UserError } from '../../../../../../../shared/user-error.js';

export type Source = Awaited<ReturnType<typeof asyncBufferFromFile>>;

/** @throws UserError */
export async function opened(file: string): Promise<{ source: Source; metadata: FileMetaData }> {
  try {
    const source = await asyncBufferFromFile(file);
    return { source, metadata: await parquetMetadataAsync(source) };
  } catch (error) {
    throw new UserError(`${file} is no Parquet file that can be read (${messageOf(error)}): fetch it again`);
  }
}
