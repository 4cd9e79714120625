// Owns agents that say what a test tells them to: lines of sh that print the events of test/fakes/adapter.mjs.
import { fake, type TestHerd } from './herd.ts';

/** A line of sh that prints an event. */
export function say(event: Readonly<Record<string, unknown>>): string {
  return `echo '${JSON.stringify(event)}'`;
}

export const SESSION = 'mkdir -p $HOME/sessions; echo "$SESSION" >> $HOME/sessions/$SESSION';
export const ANSWER = say({ kind: 'answered', text: 'I see' });
export const DONE = say({ kind: 'result', ok: true, text: 'all done' });
export const TOOL = say({
  kind: 'tool-started',
  id: 't',
  name: 'Shell',
  detail: 'make',
  timeoutMs: null,
});

export function limit(message: string, inMs: number | null): string {
  const resetAt = inMs === null ? 'null' : `$(( ($(date +%s%N) / 1000000) + ${inMs} ))`;
  const text = `{"kind":"limit","limit":{"scope":"pool","resetAt":RESET,"message":"${message}","source":"stream"},"waitsUntil":null}`;
  return `echo '${text}' | sed "s/RESET/${resetAt}/"`;
}

export function campaign(
  herd: TestHerd,
  dispatches: readonly Readonly<Record<string, unknown>>[],
  top: Readonly<Record<string, unknown>> = {},
): string {
  return herd.campaign({
    campaign: 'speak',
    agents: { speaker: fake('adapter.mjs') },
    pools: { account: { slots: 2 } },
    defaults: { agent: 'speaker', pool: 'account', env: { HOME: herd.dir } },
    dispatches,
    ...top,
  });
}

export async function types(herd: TestHerd): Promise<string[]> {
  return (await herd.events()).map(({ type }) => type);
}
