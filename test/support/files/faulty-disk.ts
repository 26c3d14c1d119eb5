/**
 * A disk in the place of the coordinator's own, over a real folder: it counts the calls that change something, makes
 * one of them fail, or all from one on, and knows what a power loss would leave: of files what was fsynced, of
 * folders what they listed when they were fsynced.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { disk } from '../../../coordinator/record/folder/disk.js';

export type Failure = 'ENOSPC' | 'EIO';

/** A tree of files as bytes by their path; folders are there with a slash at the end. */
export type Tree = Map<string, Buffer>;

/** What stands under a name: shared by the names that are linked to it. */
interface Node {
  synced: Buffer;
}

export class FaultyDisk {
  /** Calls so far that change something, each by its name and its file. */
  readonly calls: string[] = [];
  /** Which of them fail, and with what. */
  fails: (call: number) => Failure | undefined = () => undefined;
  /** Called after each of them. */
  after: () => void = () => undefined;
  private readonly nodes = new Map<string, Node>();
  /** By folder: what it lists after a power loss. */
  private readonly listed = new Map<string, Map<string, Node | 'folder'>>();
  private readonly real = { ...disk };

  /** @param root all that is written lies under it; it is there, and stays */
  constructor(private readonly root: string) {
    this.listed.set(root, new Map());
    const { real } = this;
    Object.assign(disk, {
      open: async (path: string, flag = 'r', mode?: number) => {
        if (flag === 'r') return this.handle(path, await real.open(path, flag));
        this.count('open', path);
        const file = await real.open(path, flag, mode);
        if (!this.nodes.has(path) || flag.startsWith('w')) this.nodes.set(path, { synced: Buffer.alloc(0) });
        this.after();
        return this.handle(path, file);
      },
      mkdir: (path: string, options: object) => this.changing('mkdir', path, () => real.mkdir(path, options)),
      link: (from: string, to: string) =>
        this.changing('link', to, async () => {
          await real.link(from, to);
          this.nodes.set(to, this.nodes.get(from)!);
        }),
      rename: (from: string, to: string) =>
        this.changing('rename', to, async () => {
          await real.rename(from, to);
          this.nodes.set(to, this.nodes.get(from)!);
          this.nodes.delete(from);
        }),
      rm: (path: string, options: object) =>
        this.changing('rm', path, async () => {
          await real.rm(path, options);
          this.nodes.delete(path);
        }),
      utimes: async () => undefined,
    } satisfies Record<keyof typeof disk, unknown>);
  }

  /** Puts the real disk back. */
  remove(): void {
    Object.assign(disk, this.real);
  }

  /** What a power loss leaves now, if nothing is kept that was not fsynced. */
  get durable(): Tree {
    const tree: Tree = new Map();
    const walk = (folder: string) => {
      for (const [name, node] of this.listed.get(folder) ?? []) {
        const path = join(folder, name);
        if (node === 'folder') {
          tree.set(`${relative(this.root, path)}/`, Buffer.alloc(0));
          walk(path);
        } else tree.set(relative(this.root, path), node.synced);
      }
    };
    walk(this.root);
    return tree;
  }

  /** What one leaves that kept all names, but of no file what was not fsynced. */
  get namesOnly(): Tree {
    const tree = this.current;
    for (const path of tree.keys()) {
      const node = this.nodes.get(join(this.root, path));
      if (node) tree.set(path, node.synced);
    }
    return tree;
  }

  /** What a kill leaves. */
  get current(): Tree {
    const tree: Tree = new Map();
    for (const name of readdirSync(this.root, { recursive: true, encoding: 'utf8' })) {
      const isFolder = statSync(join(this.root, name)).isDirectory();
      tree.set(
        isFolder ? `${name}/` : name,
        isFolder ? Buffer.alloc(0) : readFileSync(join(this.root, name)),
      );
    }
    return tree;
  }

  private count(call: string, path: string): void {
    const number = this.calls.push(`${call} ${relative(this.root, path)}`) - 1;
    const code = this.fails(number);
    // To delete takes no room.
    if (code === 'ENOSPC' && call === 'rm') return;
    if (code) throw Object.assign(new Error(`${code}: the disk fails, ${call}`), { code, syscall: call });
  }

  private async changing<T>(call: string, path: string, change: () => Promise<T>): Promise<T> {
    this.count(call, path);
    const result = await change();
    this.after();
    return result;
  }

  private handle(path: string, file: FileHandle): FileHandle {
    // A file that is renamed while it is open stays the same.
    const node = this.nodes.get(path);
    const calls = {
      write: async (
        bytes: Uint8Array,
        at = 0,
        length = bytes.length - at,
        position: number | null = null,
      ) => {
        try {
          this.count('write', path);
        } catch (error) {
          // A full disk takes a part before it refuses the rest.
          await file.write(bytes, at, Math.floor(length / 2), position);
          throw error;
        }
        const written = await file.write(bytes, at, length, position);
        this.after();
        return written;
      },
      writeFile: (text: string | Uint8Array) => this.changing('write', path, () => file.writeFile(text)),
      truncate: (length: number) => this.changing('truncate', path, () => file.truncate(length)),
      sync: () => this.changing('fsync', path, async () => this.sync(path, node)),
      datasync: () => this.changing('fsync', path, async () => this.sync(path, node)),
    };
    return new Proxy(file, {
      get: (target, name) => {
        if (Object.hasOwn(calls, name)) return calls[name as keyof typeof calls];
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  private sync(path: string, node: Node | undefined): void {
    if (node) {
      const [name] = [...this.nodes].find(([, other]) => other === node) ?? [path];
      node.synced = readFileSync(name);
      return;
    }
    const entries = readdirSync(path).map((name): [string, Node | 'folder'] => {
      const known = this.nodes.get(join(path, name));
      return [name, known ?? 'folder'];
    });
    for (const [name, entry] of entries) {
      const child = join(path, name);
      if (entry === 'folder' && !this.listed.has(child)) this.listed.set(child, new Map());
    }
    this.listed.set(path, new Map(entries));
  }
}

/** Puts a tree into an empty folder. */
export function plant(root: string, tree: Tree): void {
  for (const [path, bytes] of tree) {
    const target = join(root, path);
    mkdirSync(path.endsWith('/') ? target : dirname(target), { recursive: true });
    if (!path.endsWith('/') && !existsSync(target)) writeFileSync(target, bytes);
  }
}
