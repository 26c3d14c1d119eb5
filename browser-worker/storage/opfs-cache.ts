/** Objects in the origin's private file system (OPFS): the fastest store that browsers have. Workers only. */
import type { ByteStore } from './budgeted-cache.js';

const FOLDER = 'swarmgrad-objects';

/** Known to TypeScript's library for workers alone. */
interface SyncHandle {
  getSize(): number;
  read(into: Uint8Array, options: { at: number }): number;
  write(from: Uint8Array, options: { at: number }): number;
  truncate(bytes: number): void;
  flush(): void;
  close(): void;
}

type SyncFile = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncHandle> };
type Folder = FileSystemDirectoryHandle & { values(): AsyncIterable<FileSystemHandle> };

/** @throws if this browser, or this kind of window, has no such file system */
export async function openOpfs(folder = FOLDER): Promise<ByteStore> {
  const root = await navigator.storage.getDirectory();
  return new OpfsStore((await root.getDirectoryHandle(folder, { create: true })) as Folder);
}

class OpfsStore implements ByteStore {
  constructor(private readonly folder: Folder) {}

  async read(name: string): Promise<Uint8Array | undefined> {
    const file = await this.folder.getFileHandle(name).catch(absent);
    if (!file) return undefined;
    return withHandle(file as SyncFile, (handle) => {
      const bytes = new Uint8Array(handle.getSize());
      handle.read(bytes, { at: 0 });
      return bytes;
    });
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    const file = await this.folder.getFileHandle(name, { create: true });
    await withHandle(file as SyncFile, (handle) => {
      handle.truncate(0);
      if (handle.write(bytes, { at: 0 }) < bytes.length) {
        throw new DOMException('the file was cut short', 'QuotaExceededError');
      }
      handle.flush();
    });
  }

  async remove(name: string): Promise<void> {
    await this.folder.removeEntry(name).catch(absent);
  }

  async list(): Promise<{ name: string; bytes: number }[]> {
    const found: { name: string; bytes: number }[] = [];
    for await (const entry of this.folder.values()) {
      if (entry.kind !== 'file') continue;
      const { size } = await (entry as FileSystemFileHandle).getFile();
      found.push({ name: entry.name, bytes: size });
    }
    return found;
  }
}

async function withHandle<T>(file: SyncFile, use: (handle: SyncHandle) => T): Promise<T> {
  const handle = await file.createSyncAccessHandle();
  try {
    return use(handle);
  } finally {
    handle.close();
  }
}

function absent(error: unknown): undefined {
  if ((error as Error).name !== 'NotFoundError') throw error;
  return undefined;
}
