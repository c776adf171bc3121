/** What is around every chart: its title, what its axes mean, and the chart as a picture and as figures. */
import { useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { download } from '../views/download.ts';
import { downloadSvg } from './export.ts';

interface ChartFrameProps {
  title: string;
  /** One sentence that defines what is shown. */
  explain: string;
  /** Of the files. */
  name: string;
  csv: () => string;
  controls?: ComponentChildren;
  children: ComponentChildren;
}

export function ChartFrame({ title, explain, name, csv, controls, children }: ChartFrameProps) {
  const body = useRef<HTMLDivElement>(null);
  return (
    <figure class="chart-frame">
      <figcaption>
        <h3 title={explain}>{title}</h3>
        <span class="spacer" />
        {controls}
        <button
          type="button"
          class="plain"
          title="Save the picture"
          onClick={() => {
            const svg = body.current?.querySelector('svg');
            if (svg != null) downloadSvg(svg, name);
          }}
        >
          SVG
        </button>
        <CsvButton name={name} csv={csv} />
      </figcaption>
      <div ref={body}>{children}</div>
    </figure>
  );
}

export function CsvButton({ name, csv }: { name: string; csv: () => string }) {
  return (
    <button
      type="button"
      class="plain"
      title="Save the figures"
      onClick={() => download(new Blob([csv()], { type: 'text/csv' }), `${name}.csv`)}
    >
      CSV
    </button>
  );
}
