// Owns `drover why`: the evidence now, the verdict, the next moment at which something changes, and
// every decision.
import { isLive } from '../../core/dispatch.ts';
import type { Command } from 'commander';
import type { Dispatch } from '../../core/dispatch.ts';
import type { LedgerEvent } from '../../core/event.ts';
import { verdictOf } from '../../core/verdict.ts';
import type { DispatchView, Ledger } from '../../ports.ts';
import type { Herd } from '../../compose.ts';
import { type Context, hintCommand, printJson, printTable, say, withHerd } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import {
  type EvidenceLine,
  type NextChange,
  type Seen,
  evidenceOf,
  nextChangeOf,
} from '../explanation.ts';
import { type Decision, decisionsOf } from '../json.ts';
import type { Bind } from '../options.ts';
import { ageShown, isoOrNull, momentShown } from '../render/time.ts';
import { oneLine } from '../render/width.ts';
import { resolveDispatch, viewOf } from '../resolve.ts';
import { sentenceOf } from '../sentence.ts';

const EVENTS_PAGE = 500;

export function define(command: Command, bind: Bind): void {
  command.argument('<dispatch>', 'id, campaign/name, id prefix or name');
  bind(command, async (context, [reference = '']) => await why(context, reference));
}

async function why(context: Context, reference: string): Promise<ExitCode> {
  return await withHerd(context, { create: false }, async (herd) => {
    const dispatch = await resolveDispatch(herd.ledger, reference);
    const view = await viewOf(herd.ledger, dispatch);
    const seen = await lookAt(herd, view);
    const evidence = evidenceOf(view, seen);
    const next = nextChangeOf(view, seen.now, seen.pool);
    const decisions = decisionsOf(await eventsOf(herd.ledger, view.dispatch));
    if (context.json) {
      printJson(context, whyJson(view, { evidence, next, decisions, now: seen.now }));
    } else {
      sayWhy(context, sentenceOf(view, seen), { evidence, next, decisions, now: seen.now });
      await sayUnsupervised(context, herd, view.dispatch);
    }
    return EXIT.done;
  });
}

/** What can be seen without a supervisor: the process itself, and what the agent wrote. */
async function lookAt(herd: Herd, { dispatch, attempt }: DispatchView): Promise<Seen> {
  const { state } = dispatch;
  const process = state.kind === 'running' || state.kind === 'stopping' ? state.process : null;
  const key = { dispatch: dispatch.id, fence: dispatch.fence };
  const output = await herd.output();
  const pools = await herd.ledger.pools();
  const campaign = await herd.ledger.campaign(dispatch.campaign);
  return {
    pool: pools.find(({ name }) => name === dispatch.pool) ?? null,
    obstacles: herd.obstacles,
    haltedBecause: campaign?.haltedBecause ?? null,
    look: process === null || attempt === null ? null : await herd.lookAt(attempt, process),
    output: isLive(state) ? output.lastLine(key) : null,
    operations: isLive(state) ? output.operations(key) : { kind: 'absent' },
    children: isLive(state) ? await herd.ledger.dispatches({ parent: key }) : [],
    now: herd.clock.now(),
  };
}

async function eventsOf(ledger: Ledger, { id }: Dispatch): Promise<LedgerEvent[]> {
  const events: LedgerEvent[] = [];
  for (;;) {
    const since = events.at(-1)?.seq ?? 0;
    const page = await ledger.events({ since, limit: EVENTS_PAGE, dispatch: id });
    events.push(...page);
    if (page.length < EVENTS_PAGE) return events;
  }
}

interface Why {
  readonly evidence: readonly EvidenceLine[];
  readonly next: NextChange | null;
  readonly decisions: readonly Decision[];
  readonly now: number;
}

function whyJson({ dispatch, attempt }: DispatchView, { evidence, next, decisions, now }: Why) {
  return {
    dispatch: dispatch.id,
    verdict: verdictOf(dispatch, attempt, now),
    because: dispatch.because,
    evidence: evidence.map(({ kind, at, expiresAt, detail }) => ({
      kind,
      at: isoOrNull(at),
      ageMs: at === null ? null : Math.max(0, now - at),
      expiresAt: isoOrNull(expiresAt),
      detail,
    })),
    nextChangeAt: isoOrNull(next?.at ?? null),
    decisions,
  };
}

function sayWhy(context: Context, sentence: string, { evidence, next, decisions, now }: Why): void {
  say(context, sentence);
  if (evidence.length > 0) {
    say(context, '');
    const rows = evidence.map(({ kind, at, expiresAt, detail }) => [
      kind,
      at === null ? '' : ageShown(at, now),
      expiresAt === null ? '' : ageShown(expiresAt, now),
      oneLine(detail),
    ]);
    const columns = ['EVIDENCE', 'SEEN', 'EXPIRES'].map((title) => ({ title }));
    printTable(context, [...columns, { title: 'DETAIL', cellsMin: 12 }], rows);
  }
  if (next !== null) {
    const when = `${momentShown(next.at, now)} (${ageShown(next.at, now)})`;
    say(context, `\nnext: ${when} ${next.what}`);
  }
  if (decisions.length === 0) return;
  say(context, '');
  const rows = decisions.flatMap(({ seq, at, from, to, because, evidence: seen }) => [
    [
      String(seq),
      at === null ? '' : momentShown(Date.parse(at), now),
      changeWords(from, to),
      oneLine(because),
    ],
    ...seen.map((one) => ['', whenSeen(one.at, at), `  ${one.kind}`, oneLine(one.detail)]),
  ]);
  const columns = ['SEQ', 'AT', 'DECISION'].map((title) => ({ title }));
  printTable(context, [...columns, { title: 'BECAUSE', cellsMin: 12 }], rows);
}

/** How long before its decision a thing was seen; nothing where it was that very look. */
function whenSeen(at: string | null, decidedAt: string | null): string {
  if (at === null || decidedAt === null) return '';
  return ageShown(Date.parse(at), Date.parse(decidedAt));
}

function changeWords(from: unknown, to: unknown): string {
  if (typeof from === 'string' && typeof to === 'string') {
    return from === to ? `stays ${to}` : `${from} → ${to}`;
  }
  return typeof to === 'string' ? `→ ${to}` : 'noted';
}

async function sayUnsupervised(context: Context, herd: Herd, { state }: Dispatch): Promise<void> {
  if (state.kind === 'ended' || (await herd.supervised())) return;
  const up = hintCommand(context, 'up --detach');
  say(context, `\nno supervisor is running, so nothing changes before one does: ${up}`);
}
