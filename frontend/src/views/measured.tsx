/** The mark of a figure that was measured. */
export function Measured() {
  return (
    <span class="provenance" title="measured: a run of the model said so" role="img" aria-label="measured">
      ●
    </span>
  );
}
