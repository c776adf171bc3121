/** The findings of all analyses, as the Overview lists them. */
import type { Asked } from '../state/reports.ts';
import type { Finding } from '../wire/model.ts';

export interface Listed extends Finding {
  /** The reports that found it. */
  reports: string[];
}

export interface Gathered {
  /** The severest first, and of equal ones those of more operators. */
  findings: Listed[];
  /** How many reports are still awaited. */
  waiting: number;
  failed: { name: string; error: string }[];
}

const SEVERITIES: Finding['severity'][] = ['error', 'warning', 'note'];

/** What delegates leave is not wrong in itself: `tflite-viz lint` leaves the same reports out (linting.py). */
export function isLinted(report: string): boolean {
  return report !== 'delegates' && !report.startsWith('partition_');
}

/** What the given reports found; what two of them find alike is there once. */
export function gather(names: readonly string[], states: ReadonlyMap<string, Asked>): Gathered {
  const found = new Map<string, Listed>();
  const gathered: Gathered = { findings: [], waiting: 0, failed: [] };
  for (const name of names) {
    const state = states.get(name);
    if (state?.error != null) gathered.failed.push({ name, error: state.error });
    else if (state?.report == null) gathered.waiting++;
    else
      for (const finding of state.report.findings) {
        const key = JSON.stringify([finding.code, finding.message]);
        const same = found.get(key);
        if (same === undefined) found.set(key, { ...finding, reports: [name] });
        else same.reports.push(name);
      }
  }
  gathered.findings = [...found.values()].sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      b.operators.length - a.operators.length,
  );
  return gathered;
}
