/** What-ifs: which operators a delegate would take, how that is asked and kept in links, and what comes back. No DOM in here. */
import { operatorTypeName, type Model } from '../wire/model.ts';
import type { Report } from '../wire/report.ts';
import type { Matrix } from './verdicts.ts';

/** The report over operators that a what-if makes, as the server calls it. */
export const WHAT_IF = 'what_if';

/** An estimate from profiles; times in microseconds. analysis/delegates/estimate.py says what each is. */
export interface Estimate {
  label: string;
  other: string | null;
  with_delegate: boolean;
  total_us: number;
  inside_us: number;
  then_inside_us: number;
  moved_us: number;
  moved_share: number;
  least_us: number;
  expected_us: number | null;
  sentences: string[];
}

export interface Figures {
  delegated: number;
  partitions: number;
  crossing_bytes: number;
  crossing_tensors: number;
}

export interface WhatIf {
  delegate: string;
  operators: number;
  asked: number;
  /** Of those that are asked for, how many it accepts as it is. */
  accepted_now: number;
  before: Figures;
  after: Figures;
  gained: number[];
  lost: number[];
  sentence: string;
  /** Null where no profile has times of operators. */
  time: Estimate | null;
  assumptions: string;
}

/** What accepting some operators would change; as the server counts it. */
export interface Fix {
  title: string;
  operators: number[];
  hint: string;
  delegated: number;
  partitions: number;
  crossing_bytes: number;
  /** Null where no profile has times of operators. */
  time: Estimate | null;
}

export interface Fixes {
  delegate: string;
  operators: number;
  delegated: number;
  partitions: number;
  crossing_bytes: number;
  fixes: Fix[];
}

/** What a request, and a link, say of a choice: all operators of some types, and single ones. */
export interface Asked {
  types: string[];
  operators: number[];
}

/** Types that are asked for as a whole, and what is left. */
export function askedOf(chosen: ReadonlySet<number>, model: Model): Asked {
  const all = new Map<string, number>();
  const mine = new Map<string, number>();
  for (let operator = 0; operator < model.operatorCount; operator++) {
    const type = operatorTypeName(model, operator);
    all.set(type, (all.get(type) ?? 0) + 1);
    if (chosen.has(operator)) mine.set(type, (mine.get(type) ?? 0) + 1);
  }
  const types = [...mine.keys()].filter((type) => mine.get(type) === all.get(type)).sort();
  const whole = new Set(types);
  const operators = [...chosen].filter((operator) => !whole.has(operatorTypeName(model, operator)));
  return { types, operators: operators.sort((a, b) => a - b) };
}

/** The operators that are meant; what the model does not have is left out. */
export function chosenOf({ types, operators }: Asked, model: Model): Set<number> {
  const chosen = new Set(operators.filter((operator) => operator < model.operatorCount));
  const wanted = new Set(types);
  for (let operator = 0; operator < model.operatorCount; operator++)
    if (wanted.has(operatorTypeName(model, operator))) chosen.add(operator);
  return chosen;
}

/** `type=SOFTMAX&operators=3,5-9`, as the server wants it. */
export function queryOf({ types, operators }: Asked, profile: string | null): string {
  const parts = types.map((type) => `type=${encodeURIComponent(type)}`);
  if (operators.length > 0) parts.push(`operators=${rangesOf(operators)}`);
  if (profile !== null) parts.push(`profile=${encodeURIComponent(profile)}`);
  return parts.join('&');
}

/** Ascending ids, those that follow each other as one range. */
function rangesOf(ids: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const id of ids) {
    const last = ranges.at(-1);
    if (last?.[1] === id - 1) last[1] = id;
    else ranges.push([id, id]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',');
}

/** Longer ones are not part of a link. */
const MOST_TEXT = 2000;
const MOST_IDS = 1e6;

/** `xnnpack:SOFTMAX,ADD:3,5-9` for a link; null for a choice that is too long for one. */
export function encodeWhatIf(delegate: string, { types, operators }: Asked): string | null {
  const text = [delegate, types.map((type) => encodeURIComponent(type)).join(','), rangesOf(operators)].join(
    ':',
  );
  return text.length > MOST_TEXT ? null : text;
}

export function decodeWhatIf(text: string): { delegate: string; asked: Asked } | null {
  const [delegate, types = '', ranges = ''] = text.split(':');
  if (!/^[\w-]{1,64}$/.test(delegate) || text.length > MOST_TEXT) return null;
  const operators = ranges.split(',').flatMap((part) => {
    const found = /^(\d{1,7})(?:-(\d{1,7}))?$/.exec(part);
    if (found === null) return [];
    const first = Number(found[1]);
    const last = Math.min(Number((found[2] as string | undefined) ?? first), first + MOST_IDS);
    return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => first + i);
  });
  const names = types.split(',').filter((type) => type !== '');
  return { delegate, asked: { types: names.flatMap(decoded), operators } };
}

function decoded(text: string): string[] {
  try {
    return [decodeURIComponent(text)];
  } catch {
    return [];
  }
}

/** A type with operators that a delegate rejects. */
export interface RejectedType {
  type: string;
  /** All of the type. */
  operators: number[];
  rejected: number[];
}

/** What a delegate could be imagined to take besides, most operators first. */
export function rejectedTypes(matrix: Matrix, place: number): RejectedType[] {
  return matrix.rows
    .map(({ type, operators, cells }) => {
      const { rejected, optional } = cells[place];
      return { type, operators, rejected: [...rejected, ...optional].sort((a, b) => a - b) };
    })
    .filter(({ rejected }) => rejected.length > 0)
    .sort((a, b) => b.rejected.length - a.rejected.length || (a.type < b.type ? -1 : 1));
}

export type Ticked = 'all' | 'some' | 'none';

/** How many of some operators are chosen. */
export function tickedOf(operators: readonly number[], chosen: ReadonlySet<number>): Ticked {
  const count = operators.reduce((sum, operator) => sum + Number(chosen.has(operator)), 0);
  if (count === 0) return 'none';
  return count === operators.length ? 'all' : 'some';
}

/** The choice with these operators, or without them. */
export function withOperators(
  chosen: ReadonlySet<number>,
  operators: readonly number[],
  isIn: boolean,
): Set<number> {
  const next = new Set(chosen);
  for (const operator of operators) {
    if (isIn) next.add(operator);
    else next.delete(operator);
  }
  return next;
}

/** How a measured inference divides; shares of the whole. */
export interface TimeShares {
  inside: number;
  joins: number;
  outside: number;
}

export function timeShares({ total_us: total, inside_us: inside, moved_us: moved }: Estimate): TimeShares {
  const within = Math.min(inside / total, 1);
  const joins = Math.min(moved / total, 1 - within);
  return { inside: within, joins, outside: 1 - within - joins };
}

/** What a delegate makes of some operators: reasons with the operators that have them, the commonest first. */
export interface Reason {
  verdict: string;
  /** Empty where none is known, as for what is accepted. */
  text: string;
  operators: number[];
}

/** From a report of partitions; empty where it has no verdicts. */
export function reasonsOf(report: Report, operators: readonly number[]): Reason[] {
  const verdict = report.columns.find(({ name }) => name === 'verdict');
  const reason = report.columns.find(({ name }) => name === 'reason');
  const condition = report.columns.find(({ name }) => name === 'condition');
  if (verdict?.kind !== 'category' || reason?.kind !== 'text') return [];
  const found = new Map<string, Reason>();
  for (const operator of operators) {
    const code = verdict.codes[operator];
    const needs = condition?.kind === 'text' ? condition.textAt(operator) : null;
    const text = [needs, reason.textAt(operator)].filter((part) => part !== null).join('; ');
    const entry = { verdict: code < 0 ? '' : verdict.names[code], text };
    const key = `${entry.verdict}\n${entry.text}`;
    if (!found.has(key)) found.set(key, { ...entry, operators: [] });
    found.get(key)!.operators.push(operator);
  }
  return [...found.values()].sort((a, b) => b.operators.length - a.operators.length);
}
