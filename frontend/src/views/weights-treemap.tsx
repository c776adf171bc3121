/** Bytes of weights as areas: layers, in them operators and their tensors. */
import { useMemo, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { ChartFrame } from '../charts/frame.tsx';
import { useWidth } from '../charts/width.ts';
import { operatorLabel } from '../graph/hierarchy.ts';
import type { Item } from '../graph/items.ts';
import { categoryColors } from '../lens/colors.ts';
import { scaleColors, scaleOf, stepOf } from '../lens/scale.ts';
import { formatBytes, formatPercent } from '../lib/format.ts';
import type { Loaded } from '../state/store.ts';
import type { WeightRow } from '../weights/rows.ts';
import { HEADING, layoutTree, tensorsIn, weightTree, type Block } from '../weights/tree.ts';
import { dtypeName, operatorFamily, operatorTypeName, tensorName } from '../wire/model.ts';
import { useStore } from './context.ts';
import { useTheme } from './figures.tsx';
import { TensorType } from './links.tsx';

const HEIGHT = 380;
/** Of a character, in the size of labels. */
const ADVANCE = 6.3;
const MODES = ['operator family', 'data type', 'zeros', 'packed size'] as const;
type Mode = (typeof MODES)[number];

interface Colors {
  of: (block: Block) => string;
  legend: { color: string; name: string }[];
}

interface TreemapProps {
  loaded: Loaded;
  rows: WeightRow[];
  bytes: Float64Array;
}

export function Treemap({ loaded, rows, bytes }: TreemapProps) {
  const { model, hierarchy } = loaded;
  const store = useStore();
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 900).value;
  const mode = useSignal<Mode>('operator family');
  const hovered = useSignal<Block | null>(null);
  const blocks = useMemo(() => {
    const area = { x: 0, y: 0, width, height: HEIGHT };
    return layoutTree(weightTree(model, hierarchy, bytes), area);
  }, [model, hierarchy, bytes, width]);
  const colors = useColors(loaded, rows, mode.value);
  const total = rows.reduce((sum, { stored }) => sum + stored, 0);
  const selected = new Set(store.selection.value.map(({ kind, id }) => `${kind}${id}`));
  return (
    <ChartFrame
      title="Bytes by layer and buffer"
      explain="Area: stored bytes; a frame is a group of the graph, a cell a tensor, in the operator that reads it first"
      name="weights-treemap"
      csv={() => csvOf(loaded, rows)}
      controls={
        <label class="chart-control">
          Colour{' '}
          <select value={mode.value} onChange={(event) => (mode.value = event.currentTarget.value as Mode)}>
            {MODES.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      }
    >
      <div ref={element} class="treemap">
        <svg
          width="100%"
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          role="img"
          aria-label={`${rows.length} weight tensors by layer`}
          onPointerLeave={() => (hovered.value = null)}
        >
          {blocks.map((block, place) => (
            <Cell
              key={place}
              block={block}
              fill={isFrame(block) ? 'none' : colors.of(block)}
              label={labelOf(loaded, block)}
              isSelected={selected.has(`${block.node.kind}${block.node.id}`)}
              onHover={() => (hovered.value = block)}
              onSelect={() => store.select(itemsOf(block))}
              onOpen={() => void store.goTo(itemsOf(block)[0])}
            />
          ))}
        </svg>
      </div>
      <p class="muted chart-note">
        {hovered.value === null ? (
          <Legend colors={colors} />
        ) : (
          <Words loaded={loaded} block={hovered.value} total={total} />
        )}
      </p>
    </ChartFrame>
  );
}

interface CellProps {
  block: Block;
  fill: string;
  label: string;
  isSelected: boolean;
  onHover: () => void;
  onSelect: () => void;
  onOpen: () => void;
}

function Cell({ block, fill, label, isSelected, onHover, onSelect, onOpen }: CellProps) {
  const { rect, heading, node } = block;
  const frame = isFrame(block);
  const letters = Math.floor((rect.width - 8) / ADVANCE);
  const hasLabel = frame ? heading : letters >= 4 && rect.height > 15;
  return (
    <g onPointerEnter={onHover} onClick={onSelect} onDblClick={onOpen}>
      <rect
        class={`treemap-${frame ? 'frame' : 'cell'}${isSelected ? ' selected' : ''}`}
        x={rect.x + 0.5}
        y={rect.y + 0.5}
        width={Math.max(rect.width - 1, 0.5)}
        height={Math.max(rect.height - 1, 0.5)}
        style={{ fill }}
      />
      {hasLabel && (
        <text class={frame ? 'treemap-heading' : ''} x={rect.x + 5} y={rect.y + (frame ? HEADING - 3 : 14)}>
          {shortened(label, letters)}
        </text>
      )}
      {!frame && hasLabel && rect.height > 30 && letters >= 7 && (
        <text class="treemap-size" x={rect.x + 5} y={rect.y + 27}>
          {formatBytes(node.bytes)}
        </text>
      )}
    </g>
  );
}

function isFrame({ node }: Block): boolean {
  return node.kind === 'group' || node.kind === 'operator';
}

function shortened(text: string, letters: number): string {
  return text.length <= letters ? text : `${text.slice(0, Math.max(letters - 1, 0))}…`;
}

function itemsOf({ node }: Block): Item[] {
  if (node.kind === 'group' || node.kind === 'operator') return [{ kind: node.kind, id: node.id }];
  return tensorsIn(node).map((id) => ({ kind: 'tensor', id }));
}

function labelOf({ model, hierarchy }: Loaded, { node, operator }: Block): string {
  if (node.kind === 'group') return hierarchy.groups[node.id].name;
  if (node.kind === 'rest') return `${tensorsIn(node).length} small ones`;
  return operator < 0 ? tensorName(model, node.id) : operatorLabel(model, hierarchy, operator);
}

function useColors({ model }: Loaded, rows: WeightRow[], mode: Mode): Colors {
  const theme = useTheme();
  const soft = (color: string): string => `color-mix(in srgb, ${color} 42%, ${theme.surface})`;
  const plain = soft(theme.line);
  if (mode === 'operator family') {
    const colorOf = (operator: number): string =>
      operator < 0 ? plain : soft(theme.families[operatorFamily(model, operator)].strong);
    const names = new Set(
      rows.filter(({ operator }) => operator >= 0).map((row) => operatorFamily(model, row.operator)),
    );
    return {
      of: ({ operator }) => colorOf(operator),
      legend: [...names].map((name) => ({ name, color: soft(theme.families[name].strong) })),
    };
  }
  if (mode === 'data type') {
    const names = [...new Set(rows.map(({ tensor }) => dtypeName(model, tensor)))];
    const palette = categoryColors(theme.dark);
    const colorOf = (name: string): string => soft(palette[names.indexOf(name) % palette.length].strong);
    return {
      of: ({ node }) => (node.kind === 'tensor' ? colorOf(dtypeName(model, node.id)) : plain),
      legend: names.map((name) => ({ name, color: colorOf(name) })),
    };
  }
  const value = (row: WeightRow): number => (mode === 'zeros' ? row.zeros : row.packed / row.stored);
  const values = new Map(rows.map((row) => [row.tensor, value(row)]));
  const scale = scaleOf(Float64Array.from(values.values()), false);
  const steps = scaleColors(theme.dark);
  const colorOf = (share: number): string => (Number.isNaN(share) ? plain : steps[stepOf(scale, share)].tint);
  const ends = [scale.low, (scale.low + scale.high) / 2, scale.high];
  return {
    of: ({ node }) => (node.kind === 'tensor' ? colorOf(values.get(node.id) ?? NaN) : plain),
    legend: ends.map((share) => ({
      color: colorOf(share),
      name: mode === 'zeros' ? `${formatPercent(share)} zeros` : `packed to ${formatPercent(share)}`,
    })),
  };
}

function Legend({ colors }: { colors: Colors }) {
  return (
    <span class="treemap-legend">
      {colors.legend.map(({ color, name }) => (
        <span key={name}>
          <span class="dot" style={{ background: color }} /> {name}
        </span>
      ))}
      <span>click selects, double click leads to the graph</span>
    </span>
  );
}

function Words({ loaded, block, total }: { loaded: Loaded; block: Block; total: number }) {
  const { model, hierarchy } = loaded;
  const { node, operator } = block;
  const size = `${formatBytes(node.bytes)}, ${formatPercent(node.bytes / total)} of all weights`;
  if (node.kind === 'group') return <>{`${hierarchy.groups[node.id].name} · ${size}`}</>;
  if (node.kind !== 'tensor') return <>{`${labelOf(loaded, block)} · ${size}`}</>;
  return (
    <>
      {operator >= 0 && `${operatorTypeName(model, operator)} #${operator} · `}
      {tensorName(model, node.id)} · <TensorType model={model} id={node.id} /> · {size}
    </>
  );
}

function csvOf({ model, hierarchy }: Loaded, rows: WeightRow[]): string {
  return csvText(
    ['tensor', 'name', 'operator', 'layer', 'stored [By]', 'zero share', 'packed [By]'],
    rows.map(({ tensor, operator, stored, zeros, packed }) => [
      tensor,
      tensorName(model, tensor),
      operator < 0 ? null : operator,
      operator < 0 ? '' : hierarchy.groups[hierarchy.groupOf[operator]].name,
      stored,
      zeros,
      packed,
    ]),
  );
}
