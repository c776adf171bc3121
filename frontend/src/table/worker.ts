/** The table worker: which rows match a filter, and in what order rows stand. The page stays free while it looks. */
import { decodeReport, type Report } from '../wire/report.ts';
import { FilterError } from './filter.ts';
import { orderBy } from './order.ts';
import type { Answer, Request } from './protocol.ts';
import { columnsOver, filteredOf, matched, type Over, type TableColumn } from './tables.ts';

const reports = new Map<string, Report>();
let columns: Record<Over, TableColumn[]> = { operators: [], tensors: [] };

function answer(request: Exclude<Request, { type: 'report' }>): Answer {
  const { id } = request;
  if (request.type === 'filter') {
    const tables = {
      operators: filteredOf(columns.operators, 'operators'),
      tensors: filteredOf(columns.tensors, 'tensors'),
    };
    return { type: 'matched', id, matched: matched(request.text, tables) };
  }
  const table = columns[request.over];
  const keys = request.keys.flatMap(({ column, descending }) => {
    const found = table.find((other) => other.id === column);
    return found === undefined ? [] : [{ column: found.column, descending }];
  });
  return { type: 'ordered', id, order: orderBy(table[0]?.column.rows ?? 0, keys) };
}

self.onmessage = ({ data }: MessageEvent<Request>) => {
  if (data.type === 'report') {
    reports.set(data.name, decodeReport(data.buffer));
    columns = {
      operators: columnsOver(reports.values(), 'operators'),
      tensors: columnsOver(reports.values(), 'tensors'),
    };
    return;
  }
  try {
    self.postMessage(answer(data));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const wrong = error instanceof FilterError ? { message: reason, position: error.position } : null;
    self.postMessage(
      wrong === null
        ? ({ type: 'failed', id: data.id, reason } satisfies Answer)
        : ({ type: 'wrong', id: data.id, wrong } satisfies Answer),
    );
  }
};
