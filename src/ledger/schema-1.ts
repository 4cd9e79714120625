// Owns schema 1. Edited in place until the first release; from then on a change is a new step. Moments are milliseconds
// since the epoch; what is structured is JSON text, and what is asked for has a plain column beside it.
import type { Dialect } from './driver.ts';

/** Rows of which there is one for each host: a SQLite ledger has one alone, for its file cannot be shared. */
export const HOST = 'local';

/** Statements must repeat these words exactly: SQLite uses a partial index only where the same term stands in `where`. */
export const LIVE = `state in ('starting', 'running', 'stopping')`;

/** As for `LIVE`. */
export const OPEN = `state <> 'ended'`;
export const ENDED = `state = 'ended'`;

/** As for `LIVE`: a person decides whether it goes on. */
export const AT_GATE = `state = 'parked' and parked_for = 'gate'`;

/** As for `LIVE`, of attempts: their programs have told what they used. */
export const TOLD = `(input_tokens is not null or output_tokens is not null or cost_usd is not null)`;

export function schema1(dialect: Dialect): readonly string[] {
  return [
    ...TABLES,
    eventTable(dialect),
    ...INDEXES,
    ...dialect.appendOnly('events', 'old.seq is not null'),
    ...dialect.appendOnly('attempts', 'old.ended_at is not null'),
  ];
}

const TABLES: readonly string[] = [
  `create table meta (key text primary key, value text not null)`,
  // The numbers of events and positions. Updated in the transaction that uses them, so that no number is ever lost to
  // a rollback and the order of numbers is the order of commits.
  `create table counters (name text primary key, value bigint not null)`,
  `insert into counters (name, value) values ('event', 0), ('position', 0)`,
  // waived: of what its attempts have used counts no more, for a person has seen it and let the campaign go on.
  `create table campaigns (
     name text primary key,
     on_failure text not null,
     file text,
     submitted_at bigint not null,
     max_tokens bigint,
     max_cost double precision,
     waived_tokens bigint not null default 0,
     waived_cost double precision not null default 0
   )`,
  // claims: counted up by whoever is about to claim, which locks the row until its commit (I11).
  `create table pools (
     name text primary key,
     slots integer not null check (slots >= 0),
     paused integer not null default 0,
     paused_because text,
     claims bigint not null default 0
   )`,
  // model: whom it stops; '' is everybody. probe: the attempt that was let through after until_at.
  `create table limits (
     pool text not null references pools (name),
     model text not null default '',
     since bigint not null,
     until_at bigint not null,
     tries integer not null,
     because text not null,
     source text not null,
     by_dispatch text not null,
     by_fence integer not null,
     probe_dispatch text,
     probe_fence integer,
     primary key (pool, model)
   )`,
  // The specification stands last: what is read most then lies before it in the page. waived_fence: what attempts up to
  // it have used counts no more.
  `create table dispatches (
     id text primary key,
     campaign text not null references campaigns (name),
     name text not null,
     pool text not null references pools (name),
     priority integer not null,
     position bigint not null,
     state text not null
       check (state in ('queued', 'parked', 'starting', 'running', 'stopping', 'ended')),
     parked_for text,
     until_at bigint,
     outcome text,
     class text,
     attempt integer not null,
     fence integer not null,
     revision integer not null,
     created_at bigint not null,
     started_at bigint,
     ended_at bigint,
     parent_dispatch text,
     parent_fence integer,
     model text,
     waived_fence integer not null default 0,
     because text not null,
     state_json text not null,
     stop_wish text,
     needs text not null,
     spec text not null,
     unique (campaign, name)
   )`,
  `create table dependencies (
     dispatch text not null references dispatches (id),
     needs text not null references dispatches (id),
     primary key (dispatch, needs)
   )`,
  // pool: where it had its slot; its dispatch may have moved since. campaign: that of its dispatch. The stream stands
  // last, like the specification.
  `create table attempts (
     dispatch text not null references dispatches (id),
     fence integer not null,
     attempt integer not null,
     nonce text not null,
     campaign text not null,
     pool text not null,
     containment text not null,
     claimed_at bigint not null,
     started_at bigint,
     boot_id text,
     pid bigint,
     start_time bigint,
     soft_at bigint,
     hard_at bigint,
     extended_count integer,
     extended_ms bigint,
     deadline_because text,
     evidence_at bigint,
     signs text not null default '[]',
     result_at bigint,
     watched_since bigint,
     unseen text,
     session_id text,
     resumed_from integer,
     stdout_next bigint,
     stderr_next bigint,
     input_tokens bigint,
     output_tokens bigint,
     cost_usd double precision,
     ended_at bigint,
     outcome text,
     cause text,
     class text,
     exit_code integer,
     signal text,
     outcome_json text,
     because text not null,
     stream text,
     primary key (dispatch, fence)
   )`,
  // One row: the supervisor of this host.
  `create table supervisor (
     host text primary key,
     boot_id text not null,
     pid bigint not null,
     start_time bigint not null,
     started_at bigint not null,
     wish text not null,
     ended_because text
   )`,
  // One row: how the clocks lay by which all moments are told.
  `create table clock (
     host text primary key,
     origin text not null,
     ahead_ms bigint not null
   )`,
  // One row: the brake, from the first kill that it counted on.
  `create table brake (
     host text primary key,
     revision integer not null,
     engaged text,
     kills text not null
   )`,
];

// Partial where they can be: ended rows are the mass, and no pass ever asks for them.
const INDEXES: readonly string[] = [
  `create index dispatches_queued on dispatches (pool, priority desc, position)
     where state = 'queued'`,
  `create index dispatches_live on dispatches (pool) where ${LIVE}`,
  `create index dispatches_until on dispatches (until_at)
     where state = 'parked' and until_at is not null`,
  `create index dispatches_wished on dispatches (position)
     where stop_wish is not null and state in ('queued', 'parked')`,
  `create index dispatches_parent on dispatches (parent_dispatch, parent_fence)
     where parent_dispatch is not null`,
  `create index dispatches_nested on dispatches (pool, priority desc, position)
     where state = 'queued' and parent_dispatch is not null`,
  `create index dispatches_model on dispatches (pool, model, priority desc, position)
     where state = 'queued' and model is not null`,
  `create index dispatches_failed on dispatches (campaign, ended_at) where class = 'agent'`,
  `create index dispatches_open on dispatches (position) where ${OPEN}`,
  `create index dispatches_ended on dispatches (campaign) where ${ENDED}`,
  `create index dispatches_gate on dispatches (campaign) where ${AT_GATE}`,
  `create index attempts_told on attempts (campaign, pool, ended_at, input_tokens, output_tokens, cost_usd)
     where ${TOLD}`,
  `create index dependencies_needs on dependencies (needs)`,
  `create index events_dispatch on events (dispatch, seq)`,
];

function eventTable(dialect: Dialect): string {
  return `create table events (
    seq ${dialect.sequenceKey} primary key,
    at bigint not null,
    type text not null,
    dispatch text,
    attempt integer,
    data text not null
  )`;
}
