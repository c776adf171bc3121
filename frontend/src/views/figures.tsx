/** Small pieces that figures are shown with. */
import type { ComponentChildren } from 'preact';
import { useStore } from './context.ts';
import { DARK, LIGHT } from '../lib/palette.ts';

export function useTheme() {
  return useStore().host.dark.value ? DARK : LIGHT;
}

export function FamilyDot({ family }: { family: string }) {
  const theme = useTheme();
  return <span class="dot" style={{ background: theme.families[family].strong }} title={family} />;
}

/** A figure read from the file. Measured and simulated figures will carry the other two marks. */
export function Declared() {
  return (
    <span
      class="provenance"
      title="declared: read from the file"
      role="img"
      aria-label="declared by the file"
    >
      ○
    </span>
  );
}

export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

export function Fact({
  name,
  title,
  children,
}: {
  name: string;
  title?: string;
  children: ComponentChildren;
}) {
  return (
    <div>
      <dt title={title}>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A share as a thin bar; the number stands beside it. */
export function Bar({ share, color }: { share: number; color: string }) {
  return (
    <span class="bar" aria-hidden="true">
      <span style={{ width: `${100 * share}%`, background: color }} />
    </span>
  );
}

export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="section">
      <h3>{title}</h3>
      {children}
    </section>
  );
}
