/** The numbers that operators compute in: along the network, and by mode. */
import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { ChartFrame } from '../charts/frame.tsx';
import { placeAt } from '../charts/places.ts';
import { useWidth } from '../charts/width.ts';
import { categoryColors, DISTINCT, neutral } from '../lens/colors.ts';
import { formatBytes, formatExact, formatPercent } from '../lib/format.ts';
import { exactQuantity, formatQuantity } from '../lib/units.ts';
import { spansOf, type Mode, type Span } from '../quantization/quantization.ts';
import type { Loaded } from '../state/store.ts';
import { operatorName, operatorTypeName, type Finding } from '../wire/model.ts';
import { useStore } from './context.ts';
import { Bar, useTheme } from './figures.tsx';

const STRIP = 34;
const MARKS = 10;
/** Marks of findings narrower than this cannot be told apart. */
const MARK_WIDTH = 3;

/** One colour for every mode, the last for all beyond those that can be told apart. */
function useColors(): (place: number) => string {
  const store = useStore();
  const theme = useTheme();
  const colors = categoryColors(store.host.dark.value);
  return (place) => (place >= 0 && place < DISTINCT ? colors[place] : neutral(theme)).strong;
}

interface ModeStripProps {
  loaded: Loaded;
  found: { modes: Mode[]; ofOperator: Int32Array };
  findings: Finding[];
}

export function ModeStrip({ loaded: { model }, found: { modes, ofOperator }, findings }: ModeStripProps) {
  const store = useStore();
  const colorOf = useColors();
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 800).value;
  const hovered = useSignal<number | null>(null);
  const count = ofOperator.length;
  const spans = spansOf(ofOperator, Math.max(1, Math.floor(width)));
  const x = (operator: number): number => (width * operator) / Math.max(count, 1);
  const at = hovered.value;
  const under = spans.find(({ start, end }) => at !== null && at >= start && at < end) ?? null;
  const selected = store.selection.value.filter(({ kind }) => kind === 'operator').map(({ id }) => id);
  const csv = (): string =>
    csvText(
      ['operator', 'type', 'name', 'mode'],
      Array.from(ofOperator, (place, operator) => [
        operator,
        operatorTypeName(model, operator),
        operatorName(model, operator),
        modes[place]?.name ?? null,
      ]),
    );
  return (
    <ChartFrame
      title="Along the network"
      explain="Operators in the order of execution, coloured by the numbers they compute in; marks below are errors and warnings. A click selects the operators of a stretch"
      name="quantization-modes"
      csv={csv}
    >
      <div ref={element}>
        <svg
          class="strip"
          width="100%"
          height={STRIP + MARKS}
          viewBox={`0 0 ${width} ${STRIP + MARKS}`}
          role="img"
          aria-label={`Numeric modes of ${count} operators: ${modes.map(({ name, operators }) => `${operators.length} ${name}`).join(', ')}`}
          onPointerMove={(event) => (hovered.value = placeAt(event, 0, width, count))}
          onPointerLeave={() => (hovered.value = null)}
          onClick={() => {
            if (under !== null) store.selectMany(operatorsOf(under));
          }}
        >
          {spans.map((span) => (
            <rect
              key={span.start}
              x={x(span.start)}
              width={Math.max(x(span.end) - x(span.start) - (spans.length < width / 8 ? 1 : 0), 0.5)}
              height={STRIP}
              fill={colorOf(span.code)}
              fill-opacity={under === null || under === span ? 0.85 : 0.5}
            />
          ))}
          {marksOf(findings, x).map(({ at: place, severity }) => (
            <rect
              key={place}
              class={`mark ${severity}`}
              x={place}
              y={STRIP + 3}
              width={MARK_WIDTH}
              height={MARKS - 3}
            />
          ))}
          {selected.slice(0, 2000).map((operator) => (
            <rect
              key={operator}
              class="strip-selected"
              x={x(operator)}
              width={Math.max(x(operator + 1) - x(operator) - 1, 1)}
              height={STRIP}
            />
          ))}
        </svg>
      </div>
      <p class="muted chart-note">
        {at === null || under === null
          ? `${formatExact(count)} operators, the first on the left`
          : `operator ${at} ${operatorTypeName(model, at)}: ${modes[ofOperator[at]]?.name ?? 'not known'}${
              under.end - under.start > 1
                ? `, with ${formatExact(under.end - under.start - 1)} beside it`
                : ''
            }`}
      </p>
    </ChartFrame>
  );
}

function operatorsOf({ start, end }: Span): number[] {
  return Array.from({ length: end - start }, (_, place) => start + place);
}

/** Where there are errors and warnings, the graver where both fall on one place. */
function marksOf(
  findings: Finding[],
  x: (operator: number) => number,
): { at: number; severity: 'error' | 'warning' }[] {
  const marks = new Map<number, 'error' | 'warning'>();
  for (const { severity, operators } of findings) {
    if (severity === 'note') continue;
    for (const operator of operators) {
      const at = Math.round(x(operator + 0.5) / MARK_WIDTH - 0.5) * MARK_WIDTH;
      if (marks.get(at) !== 'error') marks.set(at, severity);
    }
  }
  return [...marks].map(([at, severity]) => ({ at, severity }));
}

export function ModeTable({ modes }: { modes: Mode[] }) {
  const store = useStore();
  const colorOf = useColors();
  const operators = modes.reduce((sum, mode) => sum + mode.operators.length, 0);
  const macs = modes.reduce((sum, mode) => sum + mode.macs, 0);
  const bytes = modes.reduce((sum, mode) => sum + mode.constantBytes, 0);
  return (
    <div class="wide-table">
      <table class="modes-table">
        <thead>
          <tr>
            <th>Mode</th>
            <th class="number">Operators</th>
            <th class="number" title="Multiply-accumulates, of those that are known">
              MACs
            </th>
            <th
              class="number"
              title="Stored bytes of the parameters that they read, seen through what unpacks them"
            >
              Parameters
            </th>
          </tr>
        </thead>
        <tbody>
          {modes.map((mode, place) => (
            <tr key={mode.name}>
              <td>
                <span class="dot square" style={{ background: colorOf(place) }} />{' '}
                <button
                  type="button"
                  class="link"
                  title="Select them"
                  onClick={() => store.selectMany(mode.operators)}
                >
                  {mode.name}
                </button>
              </td>
              <Share value={mode.operators.length} of={operators} color={colorOf(place)}>
                {formatExact(mode.operators.length)}
              </Share>
              <Share
                value={mode.macs}
                of={macs}
                color={colorOf(place)}
                title={
                  mode.unknownMacs > 0
                    ? `not known of ${mode.unknownMacs} operators`
                    : exactQuantity(mode.macs, '{MAC}')
                }
              >
                {formatQuantity(mode.macs, '{MAC}')}
              </Share>
              <Share value={mode.constantBytes} of={bytes} color={colorOf(place)}>
                {formatBytes(mode.constantBytes)}
              </Share>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ShareProps {
  value: number;
  of: number;
  color: string;
  title?: string;
  children: preact.ComponentChildren;
}

function Share({ value, of, color, title, children }: ShareProps) {
  if (value === 0)
    return (
      <td class="number muted" title={title}>
        –
      </td>
    );
  return (
    <td class="number share-cell" title={title}>
      {children}
      <span class="share-part">
        <Bar share={value / of} color={color} /> {formatPercent(value / of)}
      </span>
    </td>
  );
}
