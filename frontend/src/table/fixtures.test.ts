/** The filter on the tables of real models. */
import { describe, expect, test } from 'vitest';
import { ONLY_WITH_FIXTURES, realReports } from '../graph/fixtures.ts';
import { cellText } from '../wire/report.ts';
import { select } from './filter.ts';
import { columnsOver, filteredOf } from './tables.ts';

const LISTS = realReports().filter(([, { name }]) => name === 'ops');

describe.skipIf(LISTS.length === 0)(
  `every operator is found by its type and name${ONLY_WITH_FIXTURES}`,
  () => {
    test.each(LISTS)('%s', (_, report) => {
      const table = filteredOf(columnsOver([report], 'operators'), 'operators');
      const [op, name] = ['op', 'name'].map((column) => table.columns.get(column)!);
      for (let row = 0; row < Math.min(20, table.rows); row++) {
        const filter = `op:"${cellText(op, row)}" "${cellText(name, row)}" #${row}`;
        const mask = select(filter, table);
        expect(Array.from(mask.keys()).filter((at) => mask[at] === 1)).toEqual([row]);
      }
    });
    test('there are some', () => expect(LISTS.length).toBeGreaterThan(0));
  },
);
