/** The mark beside a figure that says how it is known. */
import type { Provenance } from '../wire/report.ts';

const MARKS: Record<Provenance, [mark: string, says: string]> = {
  measured: ['●', 'measured: observed while the model ran'],
  simulated: ['◐', 'simulated: computed by a rule set'],
  declared: ['○', 'declared: read from the file'],
};

export function ProvenanceMark({ provenance }: { provenance: Provenance }) {
  const [mark, says] = MARKS[provenance];
  return (
    <span class="provenance" title={says} role="img" aria-label={provenance}>
      {mark}
    </span>
  );
}
