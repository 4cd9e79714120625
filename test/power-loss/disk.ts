// Owns a disk that loses its power: a sequence of writes, and what may be left of it. It promises what POSIX promises and
// no more: fsync keeps what was written to that file, or what was entered into that directory, and nothing else. Without
// it a write may be kept, lost or torn at any sector, whatever came after it; only the entries of one directory are kept in
// their order, as every journal and every fsck keeps them.
import { createSequence } from '../../src/host/crash-point.ts';

/** A file or directory, whatever its names are. The root, which is there from the beginning, is 0. */
export type Node = number;

export type NodeKind = 'file' | 'directory' | 'fifo';

export type Effect =
  | { readonly kind: 'write'; readonly node: Node; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'resize'; readonly node: Node; readonly size: number }
  | { readonly kind: 'enter'; readonly dir: Node; readonly name: string; readonly node: Node }
  | { readonly kind: 'leave'; readonly dir: Node; readonly name: string }
  | {
      readonly kind: 'move';
      readonly dir: Node;
      readonly name: string;
      readonly into: Node;
      readonly as: string;
    }
  /** keeps what happened to `node` before the effect number `before`, which is where the call began */
  | { readonly kind: 'sync'; readonly node: Node; readonly before: number };

const ROOT: Node = 0;
const SECTOR_BYTES = 512;

/** What is lost of what no sync has reached; a number is the seed of a chance that keeps, loses and tears. */
export type Loss = 'nothing' | 'everything' | 'contents' | 'names' | number;

/** Path → content; directories and FIFOs are their kind. Paths have no leading slash. */
export type Left = ReadonlyMap<string, Buffer | 'directory' | 'fifo'>;

/** Takes down a sequence of writes by path, as it happens. */
export class Disk {
  readonly effects: Effect[] = [];
  readonly #kinds: NodeKind[] = ['directory'];
  readonly #sizes: number[] = [0];
  readonly #entries = new Map<Node, Map<string, Node>>([[ROOT, new Map()]]);

  /** @returns null where there is nothing of that name */
  find(path: string): Node | null {
    let node: Node = ROOT;
    for (const name of path === '' ? [] : path.split('/')) {
      const next = this.#entries.get(node)?.get(name);
      if (next === undefined) return null;
      node = next;
    }
    return node;
  }

  make(path: string, kind: NodeKind): void {
    const node = this.#kinds.length;
    this.#kinds.push(kind);
    this.#sizes.push(0);
    if (kind === 'directory') this.#entries.set(node, new Map());
    this.#enter(path, node);
  }

  /** @param at null: behind what is there, as O_APPEND does */
  write(path: string, at: number | null, bytes: Buffer): void {
    const node = this.#found(path);
    const from = at ?? this.#sizes[node]!;
    this.#sizes[node] = Math.max(this.#sizes[node]!, from + bytes.length);
    this.effects.push({ kind: 'write', node, at: from, bytes });
  }

  resize(path: string, size: number): void {
    const node = this.#found(path);
    if (this.#sizes[node] === size) return;
    this.#sizes[node] = size;
    this.effects.push({ kind: 'resize', node, size });
  }

  link(path: string, also: string): void {
    this.#enter(also, this.#found(path));
  }

  remove(path: string): void {
    const { dir, name } = this.#place(path);
    this.#entries.get(dir)!.delete(name);
    this.effects.push({ kind: 'leave', dir, name });
  }

  move(from: string, to: string): void {
    const node = this.#found(from);
    const { dir, name } = this.#place(from);
    const { dir: into, name: as } = this.#place(to);
    this.#entries.get(dir)!.delete(name);
    this.#entries.get(into)!.set(as, node);
    this.effects.push({ kind: 'move', dir, name, into, as });
  }

  /** @param before number of effects when the call began */
  sync(path: string, before: number): void {
    this.effects.push({ kind: 'sync', node: this.#found(path), before });
  }

  /** The same writes, of which nothing was ever flushed. */
  unflushed(): Disk {
    const disk = new Disk();
    disk.#kinds.push(...this.#kinds.slice(1));
    disk.effects.push(
      ...this.effects.map((one) => (one.kind === 'sync' ? { ...one, before: 0 } : one)),
    );
    return disk;
  }

  /** What is left where the power went after `count` effects. */
  left(count: number, loss: Loss): Left {
    return leftOf(this.effects.slice(0, count), this.#kinds, loss);
  }

  #found(path: string): Node {
    const node = this.find(path);
    if (node === null) throw new Error(`there is no ${path}`);
    return node;
  }

  #place(path: string): { dir: Node; name: string } {
    const slash = path.lastIndexOf('/');
    return { dir: this.#found(path.slice(0, Math.max(0, slash))), name: path.slice(slash + 1) };
  }

  #enter(path: string, node: Node): void {
    const { dir, name } = this.#place(path);
    this.#entries.get(dir)!.set(name, node);
    this.effects.push({ kind: 'enter', dir, name, node });
  }
}

function leftOf(effects: readonly Effect[], kinds: readonly NodeKind[], loss: Loss): Left {
  const synced = new Map<Node, number>();
  for (const effect of effects) {
    if (effect.kind === 'sync') synced.set(effect.node, effect.before);
  }
  const isSynced = (node: Node, index: number) => index < (synced.get(node) ?? 0);
  const chance = typeof loss === 'number' ? createSequence(loss) : null;
  const keeps = (what: 'contents' | 'names') =>
    chance === null
      ? loss === 'nothing' || (loss !== 'everything' && loss !== what)
      : chance() < 0.5;

  const contents = new Map<Node, Content>();
  const contentOf = (node: Node) => {
    if (!contents.has(node)) contents.set(node, new Content());
    return contents.get(node)!;
  };
  const entries = new Map<Node, Map<string, Node>>([[ROOT, new Map()]]);
  const entriesOf = (dir: Node) => {
    if (!entries.has(dir)) entries.set(dir, new Map());
    return entries.get(dir)!;
  };
  /** Directories whose later entries are lost. */
  const cut = new Set<Node>();

  for (const [index, effect] of effects.entries()) {
    switch (effect.kind) {
      case 'sync':
        break;
      case 'write': {
        const { node, at, bytes } = effect;
        if (isSynced(node, index)) contentOf(node).write(at, bytes);
        else if (chance !== null) tear(contentOf(node), at, bytes, chance);
        else if (keeps('contents')) contentOf(node).write(at, bytes);
        break;
      }
      case 'resize': {
        const { node, size } = effect;
        if (!isSynced(node, index) && !keeps('contents')) break;
        contentOf(node).resize(size);
        break;
      }
      case 'enter':
      case 'leave':
      case 'move': {
        const dirs = effect.kind === 'move' ? [effect.dir, effect.into] : [effect.dir];
        const isKept = dirs.some((dir) => isSynced(dir, index));
        if (!isKept) {
          if (dirs.some((dir) => cut.has(dir))) break;
          if (!keeps('names')) {
            for (const dir of dirs) cut.add(dir);
            break;
          }
        }
        apply(effect, entriesOf);
      }
    }
  }
  return walk(kinds, entriesOf, contents);
}

type Naming = Extract<Effect, { kind: 'enter' | 'leave' | 'move' }>;

function apply(effect: Naming, entriesOf: (dir: Node) => Map<string, Node>): void {
  const names = entriesOf(effect.dir);
  switch (effect.kind) {
    case 'enter':
      names.set(effect.name, effect.node);
      break;
    case 'leave':
      names.delete(effect.name);
      break;
    case 'move': {
      const node = names.get(effect.name);
      if (node === undefined) break;
      names.delete(effect.name);
      entriesOf(effect.into).set(effect.as, node);
    }
  }
}

function walk(
  kinds: readonly NodeKind[],
  entriesOf: (dir: Node) => Map<string, Node>,
  contents: ReadonlyMap<Node, Content>,
): Left {
  const left = new Map<string, Buffer | 'directory' | 'fifo'>();
  const visit = (dir: Node, prefix: string) => {
    for (const [name, node] of entriesOf(dir)) {
      const kind = kinds[node]!;
      left.set(
        prefix + name,
        kind === 'file' ? (contents.get(node)?.bytes() ?? Buffer.alloc(0)) : kind,
      );
      if (kind === 'directory') visit(node, `${prefix}${name}/`);
    }
  };
  visit(ROOT, '');
  return left;
}

/** Bytes of a file that grows. What nobody wrote is zero. */
class Content {
  #room = Buffer.alloc(0);
  #size = 0;

  write(at: number, bytes: Buffer): void {
    if (at + bytes.length > this.#size) this.resize(at + bytes.length);
    bytes.copy(this.#room, at);
  }

  resize(size: number): void {
    if (size > this.#room.length) {
      const room = Buffer.alloc(size * 2);
      this.#room.copy(room, 0, 0, this.#size);
      this.#room = room;
    }
    if (size < this.#size) this.#room.fill(0, size, this.#size);
    this.#size = size;
  }

  bytes(): Buffer {
    return this.#room.subarray(0, this.#size);
  }
}

/** Whole, or not at all, or each sector of it for itself. */
function tear(content: Content, at: number, bytes: Buffer, chance: () => number): void {
  const fate = chance();
  if (fate < 0.4) return;
  if (fate < 0.8) return content.write(at, bytes);
  for (let from = 0; from < bytes.length; ) {
    const until = Math.min(bytes.length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES));
    if (chance() < 0.5) content.write(at + from, bytes.subarray(from, until));
    from = until;
  }
}
