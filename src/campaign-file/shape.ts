// Owns the judging of one part of a file by its schema, and how valibot's issues become sentences
// with a place.
import * as v from 'valibot';
import type { Located } from './document.ts';
import { UNKNOWN_KEY } from './fields.ts';
import type { Report } from './report.ts';
import { showNames, showText } from './show.ts';
import { didYouMean } from './suggest.ts';

/**
 * Judges `part` by `schema`; what is wrong goes to `report`.
 *
 * @param label what the part itself is called in a message, for example `defaults`
 * @returns null where something is wrong
 */
export function judge<T extends v.GenericSchema>(
  schema: T,
  part: Located,
  label: string,
  report: Report,
): v.InferOutput<T> | null {
  const result = v.safeParse(schema, part.value, { abortPipeEarly: true });
  if (result.success) return result.output;
  for (const issue of result.issues) reportIssue(issue, part, label, report);
  return null;
}

function reportIssue(
  issue: v.BaseIssue<unknown>,
  part: Located,
  label: string,
  report: Report,
): void {
  const path = (issue.path ?? []).map((item) => item.key);
  const { place, isThere } = follow(part, path);
  const [message = '', hint = ''] = issue.message.split('\n');
  const lastKey = path.at(-1);
  if (message === UNKNOWN_KEY) {
    const key = String(lastKey);
    const known = hint.split(' ');
    const meant = didYouMean(key, known, `known keys: ${showNames(known, ', ', known.length)}`);
    report.problem(place.keyOffset, `unknown key ${showText(key)}`, meant);
    return;
  }
  const isAboutKey = issue.path?.at(-1)?.origin === 'key' && isThere;
  const shown = isAboutKey ? showText(String(lastKey)) : showValue(place);
  const fill = (template: string) =>
    template.replace(/\{(key|value)\}/g, (_, which: string) =>
      which === 'key' ? pathLabel(path, label) : shown,
    );
  report.problem(isAboutKey ? place.keyOffset : place.offset, fill(message), fill(hint));
}

/** The value at `path`, or the last one on the way there. */
function follow(part: Located, path: readonly unknown[]): { place: Located; isThere: boolean } {
  let place = part;
  for (const key of path) {
    const next = typeof key === 'number' ? place.items[key] : place.fields.get(String(key));
    if (next === undefined) return { place, isThere: false };
    place = next;
  }
  return { place, isThere: true };
}

/**
 * `retries.stalled`, `run[1]`; keys that the writer chose can hold anything, so they are shown
 * safely.
 */
function pathLabel(path: readonly unknown[], label: string): string {
  if (path.length === 0) return label;
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${showText(String(key)).slice(1, -1)}`))
    .join('')
    .replace(/^\./, '');
}

function showValue({ value, source }: Located): string {
  if (typeof value === 'string') return showText(value);
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return source;
}
