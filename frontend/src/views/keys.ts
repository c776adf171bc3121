/** Whether a key press belongs to a field that takes text. */
export function isTyping(event: Event): boolean {
  const target = event.target as HTMLElement | null;
  return target !== null && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);
}

export const KEYS: [section: string, keys: [key: string, does: string][]][] = [
  [
    'Everywhere',
    [
      ['1 2 3', 'Graph, Overview, Profile'],
      ['/', 'Search'],
      ['m', 'Choose a model'],
      ['Esc', 'Clear the search or the selection'],
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
    ],
  ],
  [
    'Search',
    [
      ['↓ ↑', 'Next and previous result'],
      ['Enter', 'Show the result in the graph'],
    ],
  ],
];
