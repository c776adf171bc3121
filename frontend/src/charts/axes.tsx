/** What is drawn of axes: a line across the chart and a label at its left for a value, labels below for places. */

interface ValueAxisProps {
  ticks: readonly number[];
  y: (value: number) => number;
  /** Where the lines begin and end. */
  left: number;
  right: number;
  text: (value: number) => string;
}

export function ValueAxis({ ticks, y, left, right, text }: ValueAxisProps) {
  return (
    <g class="chart-axis">
      {ticks.map((tick) => (
        <g key={tick}>
          <line x1={left} x2={right} y1={y(tick)} y2={y(tick)} />
          <text x={left - 6} y={y(tick) + 4} text-anchor="end">
            {text(tick)}
          </text>
        </g>
      ))}
    </g>
  );
}

interface LabelsBelowProps {
  ticks: readonly number[];
  x: (value: number) => number;
  /** Of all labels. */
  y: number;
  text?: (value: number) => string;
}

export function LabelsBelow({ ticks, x, y, text = String }: LabelsBelowProps) {
  return (
    <g class="chart-axis">
      {ticks.map((tick) => (
        <text key={tick} x={x(tick)} y={y} text-anchor="middle">
          {text(tick)}
        </text>
      ))}
    </g>
  );
}
