/** Operators under this machine's ceilings: what memory bounds, what computing bounds, and what neither does. */
import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { csvText } from '../charts/csv.ts';
import { ValueAxis } from '../charts/axes.tsx';
import { ChartFrame } from '../charts/frame.tsx';
import { logTicks } from '../charts/ticks.ts';
import { useWidth } from '../charts/width.ts';
import { formatPercent } from '../lib/format.ts';
import { formatQuantity } from '../lib/units.ts';
import { SURE_TICKS, type Profile, type Work } from '../profile/profile.ts';
import { ridge, rooflineOf, type RooflinePoint } from '../profile/roofline.ts';
import type { Loaded } from '../state/store.ts';
import { operatorFamily, operatorName, operatorTypeName } from '../wire/model.ts';
import type { Ceilings } from '../wire/profile-trace.ts';
import { useStore } from './context.ts';
import { useTheme } from './figures.tsx';
import { formatRate } from './profile-table.tsx';

const HEIGHT = 360;
const LEFT = 86;
const RIGHT = 14;
const TOP = 14;
const BOTTOM = 36;

export function RooflineView({ loaded, profile, work }: { loaded: Loaded; profile: Profile; work: Work }) {
  const { ceilings, settings } = profile.trace;
  if (!work.isKnown)
    return (
      <p class="muted">
        A roofline needs the operations and bytes of every operator, from the report <code>compute</code>,
        which this server does not have.
      </p>
    );
  if (ceilings === null)
    return (
      <p class="muted">
        The ceilings of the machine were not measured with this profile
        {typeof settings.ceilings_missing === 'string' ? `: ${settings.ceilings_missing}` : ''}. Profiles that
        are run from this page have them.
      </p>
    );
  const { points, tooShort } = rooflineOf(profile, work, ceilings);
  if (points.length === 0)
    return (
      <p class="muted">No operator that takes a tick of the clock or more has multiplications to count.</p>
    );
  return <Roofline loaded={loaded} points={points} tooShort={tooShort} ceilings={ceilings} />;
}

interface RooflineProps {
  loaded: Loaded;
  points: RooflinePoint[];
  tooShort: number;
  ceilings: Ceilings;
}

function Roofline({ loaded: { model }, points, tooShort, ceilings }: RooflineProps) {
  const store = useStore();
  const theme = useTheme();
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element, 700).value;
  const hovered = useSignal<RooflinePoint | null>(null);
  const selected = new Set(
    store.selection.value.filter(({ kind }) => kind === 'operator').map(({ id }) => id),
  );
  const corner = ridge(ceilings);
  const [lowX, highX] = span([...points.map(({ intensity }) => intensity), corner / 2, corner * 4]);
  const [lowY, highY] = span([...points.map(({ rate }) => rate), ceilings.flop_per_s * 1.5]);
  const x = (value: number): number =>
    LEFT + ((width - LEFT - RIGHT) * Math.log(value / lowX)) / Math.log(highX / lowX);
  const y = (value: number): number =>
    TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.log(value / lowY) / Math.log(highY / lowY));
  const leastX = Math.max(lowX, lowY / ceilings.bytes_per_s);
  const roof = `M${x(leastX)} ${y(leastX * ceilings.bytes_per_s)}L${x(corner)} ${y(ceilings.flop_per_s)}H${width - RIGHT}`;
  const csv = (): string =>
    csvText(
      ['operator', 'type', 'name', 'FLOP per byte', 'FLOP/s', 'share', 'of the ceiling', 'bound'],
      points.map(({ operator, intensity, rate, share, reached, bound }) => [
        operator,
        operatorTypeName(model, operator),
        operatorName(model, operator),
        intensity,
        rate,
        share,
        reached,
        bound,
      ]),
    );
  return (
    <ChartFrame
      title="Roofline"
      explain="Operations per second against operations per byte, both logarithmic; a dot is an operator, its area the share of the time; the line is what the machine reached at best"
      name="profile-roofline"
      csv={csv}
    >
      <div ref={element}>
        <svg
          width="100%"
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          role="img"
          aria-label={`Roofline of ${points.length} operators`}
        >
          <g class="chart-axis">
            {logTicks(lowX, highX, 8).map((tick) => (
              <g key={tick}>
                <line x1={x(tick)} x2={x(tick)} y1={TOP} y2={HEIGHT - BOTTOM} />
                <text x={x(tick)} y={HEIGHT - BOTTOM + 14} text-anchor="middle">
                  {formatQuantity(tick, '1')}
                </text>
              </g>
            ))}
            <text x={(LEFT + width - RIGHT) / 2} y={HEIGHT - 4} text-anchor="middle">
              FLOP per byte
            </text>
          </g>
          <ValueAxis
            ticks={logTicks(lowY, highY, 8)}
            y={y}
            left={LEFT}
            right={width - RIGHT}
            text={(rate) => formatRate(rate, 'FLOP/s')}
          />
          <path class="chart-roof" d={roof} />
          {points.map((point) => {
            const family = theme.families[operatorFamily(model, point.operator)];
            const isMarked = selected.has(point.operator) || hovered.value?.operator === point.operator;
            return (
              <circle
                key={point.operator}
                class={point.ticks < SURE_TICKS ? 'chart-dot unsure' : 'chart-dot'}
                cx={x(point.intensity)}
                cy={y(point.rate)}
                r={3 + 22 * Math.sqrt(point.share)}
                fill={family.strong}
                stroke={isMarked ? theme.accent : theme.surface}
                stroke-width={isMarked ? 2.5 : 1}
                onPointerEnter={() => (hovered.value = point)}
                onPointerLeave={() => (hovered.value = null)}
                onClick={() => store.select([{ kind: 'operator', id: point.operator }])}
                onDblClick={() => void store.goTo({ kind: 'operator', id: point.operator })}
              />
            );
          })}
        </svg>
      </div>
      <p class="muted chart-note">
        {hovered.value === null
          ? `Ceilings: ${formatRate(ceilings.flop_per_s, 'FLOP/s')} and ${formatRate(ceilings.bytes_per_s, 'B/s')}; ${ceilings.how}. Operators of other types than float32 may lie above. Pale: takes few ticks of the clock, so that its rate is rough.${tooShort > 0 ? ` ${tooShort} take less than a tick and are not here.` : ''}`
          : describe(model, hovered.value)}
      </p>
    </ChartFrame>
  );
}

function describe(
  model: Loaded['model'],
  { operator, intensity, rate, share, reached, bound }: RooflinePoint,
): string {
  return [
    `${operatorTypeName(model, operator)} #${operator} ${operatorName(model, operator)}`,
    `${formatQuantity(intensity, '1')} FLOP per byte`,
    formatRate(rate, 'FLOP/s'),
    `${formatPercent(reached)} of what ${bound === 'memory' ? 'memory' : 'computing'} allows here`,
    `${formatPercent(share)} of the time`,
  ].join(' · ');
}

/** A range of powers that holds the values with some air around them. */
function span(values: number[]): [number, number] {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  return [low / 2, high * 2];
}
