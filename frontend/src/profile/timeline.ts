/** One inference as spans on rows: what contains what, and where starts are not measured, that they are not. */
import type { ProfileTrace, TraceEvents } from '../wire/profile-trace.ts';

export interface Span {
  /** Row of the trace. */
  event: number;
  /** In µs from the start of the inference. */
  start: number;
  length: number;
  /** Which line it is drawn on. */
  track: number;
  /** Whether its start was placed after what came before it, because nobody measured it. */
  isSynthetic: boolean;
}

export interface Timeline {
  spans: Span[];
  tracks: string[];
  /** In µs. */
  length: number;
  /** Rows that count cycles, which are no times, or that nothing is known of. */
  leftOut: number;
}

/**
 * Durations are averages and starts are those of the first inference, which is slower: gaps between the outermost spans
 * are scaled so that all of it takes as long as an inference does on average. A span begins at its start where it then lies
 * between its neighbours, else right after the one before it.
 *
 * @param total what an inference takes, in µs
 */
export function timelineOf(trace: ProfileTrace, total: number): Timeline {
  const { events } = trace;
  const shown = Array.from({ length: events.count }, (_, row) => row).filter(
    (row) => !events.inCycles(row) && !Number.isNaN(events.time[row]),
  );
  const children = childrenOf(events, shown);
  const lengths = lengthsOf(events, shown, children);
  const tracks = new Tracks(trace);
  const spans: Span[] = [];
  const tops = children.get(-1) ?? [];
  const busy = tops.reduce((sum, row) => sum + lengths[row], 0);
  const length = Math.max(total, busy);
  const starts = scaledStarts(events, tops, lengths, length - busy);
  const pending = [{ rows: tops, begin: 0, end: length, origin: 0, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { rows, begin, end, origin, depth } = next;
    let cursor = begin;
    let rest = rows.reduce((sum, row) => sum + lengths[row], 0);
    for (const row of rows) {
      const measured = begin + (starts.get(row) ?? (events.start[row] - origin) / 1000);
      const isMeasured = events.start[row] >= 0 && measured >= cursor && measured + rest <= end;
      const start = isMeasured ? measured : cursor;
      const isDelegates = events.kind(row) === 'kernel';
      const track = tracks.of(isDelegates ? events.partition[row] : -1, isDelegates ? 0 : depth);
      spans.push({ event: row, start, length: lengths[row], track, isSynthetic: !isMeasured });
      const inside = children.get(row);
      if (inside !== undefined)
        pending.push({
          rows: inside,
          begin: start,
          end: start + lengths[row],
          origin: Math.max(events.start[row], 0),
          depth: depth + 1,
        });
      cursor = start + lengths[row];
      rest -= lengths[row];
    }
  }
  return { spans, ...tracks.ordered(spans), length, leftOut: events.count - shown.length };
}

/** Starts of the outermost spans in µs, their gaps scaled to fit into so much. */
function scaledStarts(
  events: TraceEvents,
  tops: readonly number[],
  lengths: Float64Array,
  room: number,
): Map<number, number> {
  const starts = new Map<number, number>();
  let busy = 0;
  let widest = 0;
  for (const row of tops) {
    widest = Math.max(widest, events.start[row] / 1000 - busy);
    busy += lengths[row];
  }
  const factor = widest > room ? room / widest : 1;
  busy = 0;
  for (const row of tops) {
    if (events.start[row] >= 0) starts.set(row, busy + Math.max(events.start[row] / 1000 - busy, 0) * factor);
    busy += lengths[row];
  }
  return starts;
}

function childrenOf(events: TraceEvents, shown: number[]): Map<number, number[]> {
  const children = new Map<number, number[]>();
  const isShown = new Set(shown);
  for (const row of shown) {
    const parent = isShown.has(events.parent[row]) ? events.parent[row] : -1;
    const rows = children.get(parent);
    if (rows === undefined) children.set(parent, [row]);
    else rows.push(row);
  }
  return children;
}

/** A span is as long as what it contains, should that add up to more: averages of one row and of its parts may differ. */
function lengthsOf(events: TraceEvents, shown: number[], children: Map<number, number[]>): Float64Array {
  const lengths = new Float64Array(events.count);
  for (const row of shown.toReversed()) {
    const inside = (children.get(row) ?? []).reduce((sum, child) => sum + lengths[child], 0);
    lengths[row] = Math.max(events.time[row] / 1000, inside);
  }
  return lengths;
}

/** Lines of the picture: the runtime's by depth, one for each partition of a delegate. */
class Tracks {
  private readonly keys: { partition: number; depth: number }[] = [];

  constructor(private readonly trace: ProfileTrace) {}

  of(partition: number, depth: number): number {
    const at = this.keys.findIndex((key) => key.partition === partition && key.depth === depth);
    return at >= 0 ? at : this.keys.push({ partition, depth }) - 1;
  }

  /** The runtime's first, and spans renumbered to match. */
  ordered(spans: Span[]): { tracks: string[] } {
    const order = [...this.keys.keys()].sort(
      (a, b) => this.keys[a].partition - this.keys[b].partition || this.keys[a].depth - this.keys[b].depth,
    );
    const place = new Map(order.map((old, at) => [old, at]));
    for (const span of spans) span.track = place.get(span.track) ?? 0;
    return { tracks: order.map((at) => this.name(this.keys[at])) };
  }

  private name({ partition, depth }: { partition: number; depth: number }): string {
    if (partition >= 0) return `${this.trace.partitions[partition]?.delegate || 'delegate'} ${partition}`;
    const threads = this.trace.environment.threads ?? 1;
    return depth === 0 ? `runtime, ${threads} thread${threads === 1 ? '' : 's'}` : '';
  }
}
