interface SortHeadProps {
  name: string;
  explain: string;
  isText?: boolean;
  /** Whether its column sorts the rows, and which way. */
  sorted: 'no' | 'up' | 'down';
  onSort: () => void;
}

/** The heading of a column that sorts the rows of a table. */
export function SortHead({ name, explain, isText = false, sorted, onSort }: SortHeadProps) {
  return (
    <th
      class={isText ? '' : 'number'}
      title={explain}
      aria-sort={sorted === 'no' ? 'none' : sorted === 'up' ? 'ascending' : 'descending'}
    >
      <button type="button" class="plain" onClick={onSort}>
        {name}
        {sorted === 'up' ? ' ↑' : sorted === 'down' ? ' ↓' : ''}
      </button>
    </th>
  );
}

/** What a heading says of itself, by the order of the rows. */
export function sortOf<Key>(sort: { key: Key; up: boolean }, key: Key): SortHeadProps['sorted'] {
  return sort.key !== key ? 'no' : sort.up ? 'up' : 'down';
}
