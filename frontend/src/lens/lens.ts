/** A lens: one column over operators, as colours. Whatever a report measures, counts or names can be one. */
import type { Hierarchy } from '../graph/hierarchy.ts';
import { LIGHT, type Swatch, type Theme } from '../lib/palette.ts';
import type { Model } from '../wire/model.ts';
import type { CategoryColumn, Column, QuantityColumn } from '../wire/report.ts';
import { categoryColors, DISTINCT, neutral, unknown } from './colors.ts';
import { isAdditive, RollUp } from './rollup.ts';
import { isOff, scaleColors, scaleOf, STEPS, stepOf, type Scale } from './scale.ts';

export type LensColumn = QuantityColumn | CategoryColumn;

interface LensBase {
  /** `report.column`; null for the family of the operator type, which needs no report. */
  id: string | null;
  /** What the filter language calls the column. */
  filterName: string;
  /** Of every operator the place in the palette; 0 where the value is not known. */
  color: Uint8Array;
  palette: (theme: Theme) => Swatch[];
}

export interface Category {
  name: string;
  /** Code in the column. */
  code: number;
  /** Place in the palette; categories beyond the distinct ones share the last. */
  color: number;
}

export interface CategoryLens extends LensBase {
  kind: 'category';
  column: CategoryColumn;
  categories: Category[];
}

export interface QuantityLens extends LensBase {
  kind: 'quantity';
  column: QuantityColumn;
  scale: Scale;
  rollUp: RollUp;
  /** What the boxes of operators show: of amounts with what is folded into the operator. */
  shown: Float64Array;
}

export type Lens = CategoryLens | QuantityLens;

/** Columns whose categories are regions of the graph: an operator is in one of them, or in none. */
export const REGION_COLUMN = 'partition';

const NOT_KNOWN = 0;
/** Nothing at all has no place on a logarithmic scale, and no colour of it. */
export const NOTHING = 1 + STEPS;

export function isLensColumn(column: Column): column is LensColumn {
  return column.kind !== 'text';
}

/** What is said of operators without a category: in columns of regions that they are in none of them. */
export function missingWord({ name }: LensColumn): string {
  return name === REGION_COLUMN ? 'in none' : 'not known';
}

/** The lens that a page opens with. */
export function familyLens(model: Model): CategoryLens {
  const familyOfType = Int32Array.from(model.typeFamilies, (family) => model.families.indexOf(family));
  const column: CategoryColumn = {
    kind: 'category',
    name: 'family',
    unit: '1',
    provenance: 'declared',
    doc: 'family of the operator type',
    rows: model.operatorCount,
    codes: model.operatorType.map((type) => familyOfType[type]),
    names: model.families,
  };
  return categoryLens(null, 'family', column);
}

/**
 * @param log whether the scale of a quantity is logarithmic; null leaves it to the values
 */
export function lensOf(
  id: string,
  filterName: string,
  column: LensColumn,
  hierarchy: Hierarchy,
  log: boolean | null,
): Lens {
  if (column.kind !== 'quantity') return categoryLens(id, filterName, column);
  const rollUp = new RollUp(column, hierarchy);
  const shown = isAdditive(column) ? withFolded(column.values, hierarchy.host) : column.values;
  const scale = scaleOf(shown, log);
  return {
    kind: 'quantity',
    id,
    filterName,
    column,
    scale,
    rollUp,
    shown,
    color: Uint8Array.from(shown, (value) => colorOn(scale, value)),
    palette: (theme) => [unknown(theme), ...scaleColors(theme.dark), neutral(theme)],
  };
}

/** The colour of a value under a lens. */
export function colorOfValue({ scale }: QuantityLens, value: number): number {
  return colorOn(scale, value);
}

function colorOn(scale: Scale, value: number): number {
  if (Number.isNaN(value)) return NOT_KNOWN;
  return isOff(scale, value) ? NOTHING : 1 + stepOf(scale, value);
}

/** An operator is shown with what is folded into it: its box stands for both. */
function withFolded(values: Float64Array, host: Int32Array): Float64Array {
  const shown = values.slice();
  for (let op = 0; op < host.length; op++) if (host[op] >= 0) shown[host[op]] += values[op];
  return shown;
}

function categoryLens(id: string | null, filterName: string, column: CategoryColumn): CategoryLens {
  const categories = column.kind === 'flag' ? flags(column) : ranked(column);
  const colorOfCode = new Uint8Array(column.names.length);
  for (const { code, color } of categories) colorOfCode[code] = color;
  return {
    kind: 'category',
    id,
    filterName,
    column,
    categories,
    color: Uint8Array.from(column.codes, (code) => (code < 0 ? NOT_KNOWN : colorOfCode[code])),
    palette: (theme) => [unknown(theme), ...categoryPalette(column, theme)],
  };
}

/** What is set stands out from what is not. */
function flags({ names }: CategoryColumn): Category[] {
  return names.map((name, code) => ({ name, code, color: 1 + code }));
}

/** Categories in the column's own order; where there are more than colours, the most frequent have them. */
function ranked(column: CategoryColumn): Category[] {
  const { codes, names } = column;
  const counts = new Int32Array(names.length);
  for (const code of codes) if (code >= 0) counts[code]++;
  const used = [...counts.keys()].filter((code) => counts[code] > 0);
  if (areFamilies(column)) return used.map((code) => ({ name: names[code], code, color: 1 + code }));
  const frequent = [...used].sort((a, b) => counts[b] - counts[a] || a - b).slice(0, DISTINCT);
  const colored = new Set(frequent);
  let next = 1;
  return used.map((code) => ({
    name: names[code],
    code,
    color: colored.has(code) ? next++ : 1 + DISTINCT,
  }));
}

/** Families have fixed colours, whatever report speaks of them. */
function areFamilies({ names }: CategoryColumn): boolean {
  return names.every((name) => name in LIGHT.families);
}

function categoryPalette(column: CategoryColumn, theme: Theme): Swatch[] {
  if (column.kind === 'flag') return [neutral(theme), categoryColors(theme.dark)[0]];
  if (areFamilies(column)) return column.names.map((name) => theme.families[name]);
  return [...categoryColors(theme.dark), neutral(theme)];
}
