// How an answer reaches the client: at once, slowly, in part, or not at all.
import type { ServerResponse } from 'node:http';
import type { Frames } from './dialect.ts';
import type { Pace } from './reply.ts';

/** Waiting that ends with the server, so that no answer keeps the process alive. */
export type Wait = (seconds: number | null) => Promise<void>;

export async function deliver(
  response: ServerResponse,
  frames: Frames,
  pace: Pace,
  wait: Wait,
): Promise<void> {
  if (pace.kind === 'hold') await wait(pace.seconds);
  if (response.destroyed) return;
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  write(response, frames.before);
  if (pace.kind === 'stall' || pace.kind === 'drop') {
    write(response, frames.pieces.slice(0, 1));
    if (pace.kind === 'drop') {
      // The client shall have the piece before the connection breaks.
      await wait(0.1);
      response.destroy();
      return;
    }
    await wait(pace.seconds);
  }
  const rest = pace.kind === 'stall' ? frames.pieces.slice(1) : frames.pieces;
  for (const piece of rest) {
    write(response, [piece]);
    if (pace.kind === 'slow') await wait(pace.seconds / rest.length);
  }
  write(response, frames.after);
  response.end();
}

function write(response: ServerResponse, frames: readonly string[]): void {
  if (frames.length > 0 && !response.destroyed) response.write(frames.join(''));
}

export function deliverJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
