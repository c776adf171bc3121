/** A measured partition's report in the terms of the views. */
import type { Report } from '../wire/report.ts';

export interface MeasuredParts {
  delegate: string;
  runtime: string;
  /** Null where the delegate failed. */
  delegated: number | null;
  operators: number;
  /** Global ids of the operators of each partition. */
  parts: number[][];
}

interface Summary {
  delegate?: string;
  runtime?: string | null;
  delegated?: number | null;
  operators?: number;
  partitions?: { operators: number[] }[];
}

export function partsOfReport(report: Report): MeasuredParts {
  const summary = report.summary as Summary;
  return {
    delegate: summary.delegate ?? 'the delegate',
    runtime: summary.runtime ?? '',
    delegated: summary.delegated ?? null,
    operators: summary.operators ?? 0,
    parts: (summary.partitions ?? []).map(({ operators }) => operators),
  };
}
