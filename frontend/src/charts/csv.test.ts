import { expect, test } from 'vitest';
import { csvText } from './csv.ts';

test('texts are quoted where needed, missing figures are empty', () => {
  expect(
    csvText(
      ['name', 'time [us]'],
      [
        ['a,b "c"', 1.25],
        ['x', NaN],
        ['y', null],
      ],
    ),
  ).toBe('name,time [us]\n"a,b ""c""",1.25\nx,\ny,\n');
});

test('a name does not become a formula', () => {
  expect(csvText(['name', 'n'], [['=1+1', -3]])).toBe("name,n\n'=1+1,-3\n");
});
