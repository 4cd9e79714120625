// Owns reading what another program writes to our standard input: bounded in bytes and in time.

/**
 * @returns null where it is longer than `bytesMax`; of an input that nobody closes, what came within `withinMs`
 */
export async function readStandardInput(bounds: {
  readonly bytesMax: number;
  readonly withinMs: number;
}): Promise<string | null> {
  const { stdin } = process;
  const chunks: Buffer[] = [];
  let bytes = 0;
  return await new Promise((resolve) => {
    const timer = setTimeout(end, bounds.withinMs);
    function end(): void {
      clearTimeout(timer);
      stdin.removeAllListeners();
      // A reader that goes away early is an error to some writers: the rest is dropped without being kept.
      stdin.on('error', () => {});
      stdin.resume();
      resolve(bytes > bounds.bytesMax ? null : Buffer.concat(chunks).toString('utf8'));
    }
    stdin.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bounds.bytesMax) chunks.push(chunk);
    });
    stdin.once('end', end);
    stdin.once('error', end);
  });
}
