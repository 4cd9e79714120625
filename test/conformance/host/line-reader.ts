// Owns a reader of output as a supervisor is one: it goes on at the offset that it was given last.
import { createStreamLines, LINE_BOUNDS } from '../../../src/host/stream-lines.ts';
import type { StreamPiece, StreamPlace } from '../../../src/ports.ts';

export function makeReader(path: string, json = false, bounds = LINE_BOUNDS) {
  const streams = createStreamLines(bounds);
  let from = 0;
  const place = (ended: boolean): StreamPlace => ({ stream: 'stdout', from, json, ended });
  const once = (ended = false): StreamPiece => {
    const look = streams.read(path, place(ended));
    if (look.kind !== 'seen') throw new Error(`it is ${look.kind}`);
    from = look.value.next;
    return look.value;
  };
  return {
    once,
    at: () => from,
    /** To the end of what is there now. */
    all(ended = false): string[] {
      const lines: string[] = [];
      for (;;) {
        const piece = once(ended);
        for (const line of piece.lines) lines.push(line);
        if (piece.atEnd) return lines;
      }
    },
  };
}
