/** Whether a key press belongs to a field that takes text. */
export function isTyping(event: Event): boolean {
  const target = event.target as HTMLElement | null;
  return target !== null && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);
}

/** Calls on a key wherever it is pressed, but in fields that take text. Returns what ends it. */
export function onKeyAnywhere(key: string, act: () => void): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    event.preventDefault();
    act();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

export const KEYS: [section: string, keys: [key: string, does: string][]][] = [
  [
    'Everywhere',
    [
      ['1 2 3 4', 'Graph, Overview, Profile, Quantization'],
      ['/', 'Filter operators and tensors'],
      ['l', 'Colour by another column'],
      ['t', 'Table of operators and tensors'],
      ['o', 'Outline'],
      ['m', 'Choose a model'],
      ['Esc', 'Clear the filter or the selection'],
      ['?', 'This list'],
    ],
  ],
  [
    'Graph',
    [
      ['← ↑ → ↓', 'Select the neighbour; up and down follow the data'],
      ['Shift + arrows', 'Move the picture'],
      ['Enter', 'Open or close the group, go into a subgraph'],
      ['Backspace', 'Go back out'],
      ['e, c', 'Open all groups, close all'],
      ['x', 'Show all operators without groups'],
      ['+ −', 'Zoom'],
      ['f, s', 'Fit everything, fit the selection'],
      ['0', 'Actual size'],
      ['b', 'Lines as wide as their tensors are large'],
      ['v', 'Show or hide the map'],
    ],
  ],
  [
    'Trace',
    [
      ['i', 'All that the selection is computed from'],
      ['u', 'All that is computed from the selection'],
      ['p', 'All paths between the two that are selected'],
      ['n', 'What is near the selection'],
      ['[ ]', 'Near is fewer or more operators away'],
      ['h', 'Hide the rest, or fade it'],
      ['Esc', 'End the trace'],
    ],
  ],
  [
    'Mouse and touch',
    [
      ['Drag', 'Move the picture; two fingers zoom'],
      ['Wheel', 'Zoom at the pointer; on a trackpad move'],
      ['Click', 'Select; with Shift or Ctrl add or take away'],
      ['Shift + drag', 'Select all in a rectangle'],
      ['Double-click', 'Open or close the group, or what an operator runs'],
    ],
  ],
  [
    'Filter',
    [
      ['↓ ↑', 'Next and previous result'],
      ['Enter', 'Show the result in the graph'],
    ],
  ],
  [
    'Table',
    [
      ['↓ ↑', 'Next and previous row'],
      ['PgUp PgDn Home End', 'Further'],
      ['Enter', 'Show the row in the graph'],
      ['Space', 'Add the row to the selection, or take it out'],
    ],
  ],
  [
    'Errors of layers',
    [
      ['← → Home End', 'Next and previous operator, value or channel in a chart'],
      ['Enter', 'Show the operator in the graph'],
    ],
  ],
  [
    'Outline',
    [
      ['↓ ↑', 'Next and previous line'],
      ['→ ←', 'Open and close; into and out of a group'],
      ['Enter', 'Show it in the graph'],
    ],
  ],
];
