// Owns what tests ask of `drover reap`.
import type { TestHerd } from './herd.ts';

export interface ReapJson {
  readonly dryRun: boolean;
  readonly adopted: readonly { readonly name: string }[];
  readonly finished: readonly { readonly name: string }[];
  readonly requeued: readonly { readonly name: string }[];
  readonly reaped: readonly {
    readonly dispatch: string;
    readonly processes: readonly { readonly pid: number }[];
  }[];
  readonly survivors: readonly unknown[];
  readonly skipped: readonly {
    readonly dispatch: string | null;
    readonly pid: number;
    readonly reason: string;
    readonly next: string;
  }[];
  readonly protected: readonly {
    readonly dispatch: string | null;
    readonly pid: number;
    readonly reason: string;
  }[];
}

export async function reap(herd: TestHerd, ...flags: string[]): Promise<ReapJson> {
  return await herd.json<ReapJson>(['reap', ...flags]);
}

export function pidsOf({ reaped }: ReapJson): number[] {
  return reaped.flatMap(({ processes }) => processes.map(({ pid }) => pid));
}

/** Protected ones of this herd; others on the machine may have some of their own. */
export function sparedIn(json: ReapJson): ReapJson['protected'] {
  return json.protected.filter(({ dispatch }) => dispatch !== null);
}

/** Without what other herds on this machine do meanwhile. */
export function planOf({
  adopted,
  finished,
  requeued,
  reaped,
  survivors,
  skipped,
}: ReapJson): string {
  const own = skipped.filter(({ dispatch }) => dispatch !== null);
  return JSON.stringify({ adopted, finished, requeued, reaped, survivors, own });
}

/** Skipped ones of this test; others on the machine may have herds of their own. */
export function reasonOf({ skipped }: ReapJson, { pid }: { pid: number }): string | undefined {
  return skipped.find((one) => one.pid === pid)?.reason;
}

/** A herd with one dispatch that has ended; its mark. */
export async function endedOnce(herd: TestHerd): Promise<string> {
  const file = herd.campaign({
    campaign: 'past',
    dispatches: [{ name: 'a', run: herd.recorder('a') }],
  });
  await herd.ok(['run', file]);
  return herd.begun('a')[0]!.mark;
}

/** A herd with one agent at work, until `herd.open('works')`; its campaign, who supervises it, and the agent. */
export async function workingAgent(herd: TestHerd) {
  const file = herd.campaign({
    campaign: 'c',
    dispatches: [{ name: 'works', run: herd.gated('works') }],
  });
  const run = herd.start(['run', file]);
  const works = await herd.untilBegun('works');
  await herd.untilState('works', 'running');
  return { file, run, works };
}

export async function countOf(herd: TestHerd, type: string): Promise<number> {
  return (await herd.events()).filter((event) => event.type === type).length;
}
