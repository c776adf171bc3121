import { describe, expect, test } from 'vitest';
import { Pointers, WheelKind } from './gestures.ts';

/** What a series of wheel events is taken for, [deltaX, deltaY, milliseconds since the one before]. */
function kinds(events: [number, number, number][], deltaMode = 0): boolean[] {
  const wheel = new WheelKind();
  let timeStamp = 0;
  return events.map(([deltaX, deltaY, wait]) =>
    wheel.isMouse({ deltaX, deltaY, deltaMode, timeStamp: (timeStamp += wait) }),
  );
}

describe('a wheel and a trackpad are told apart', () => {
  test('a wheel starts with a full notch', () => {
    expect(
      kinds([
        [0, 100, 1000],
        [0, 100, 50],
      ]),
    ).toEqual([true, true]);
    expect(kinds([[0, 3, 1000]], 1)).toEqual([true]);
  });

  test('fingers start slowly, and stay fingers when they get fast', () => {
    expect(
      kinds([
        [0, 2, 1000],
        [0, 40, 16],
        [0, 120, 16],
      ]),
    ).toEqual([false, false, false]);
  });

  test('a wheel does not move sideways', () => {
    expect(kinds([[80, 90, 1000]])).toEqual([false]);
  });

  test('after a pause everything is open again', () => {
    expect(
      kinds([
        [0, 2, 1000],
        [0, 120, 1000],
        [0, 4, 100],
        [0, 4, 400],
      ]),
    ).toEqual([false, true, true, false]);
  });
});

describe('pointers', () => {
  /** What comes of a series of events, each [what, pointer, x, y]. */
  function done(
    events: ['down' | 'move' | 'up' | 'cancel', number, number, number][],
    { shiftKey = false, pointerType = 'mouse' } = {},
  ): string[] {
    const calls: string[] = [];
    const log =
      (name: string) =>
      (...values: unknown[]): void =>
        void calls.push([name, ...values.map((value) => JSON.stringify(value))].join(' '));
    const pointers = new Pointers({
      pan: log('pan'),
      zoom: log('zoom'),
      hover: log('hover'),
      leave: log('leave'),
      click: log('click'),
      doubleClick: log('double'),
      band: log('band'),
      bandEnd: log('end'),
    });
    for (const [what, pointerId, x, y] of events)
      pointers[what](
        { pointerId, pointerType, button: 0, shiftKey, ctrlKey: false, metaKey: false },
        { x, y },
      );
    return calls;
  }

  test('that are not down hover', () => {
    expect(done([['move', 1, 5, 6]])).toEqual(['hover 5 6']);
  });

  test('that hardly move click, and more of that is allowed to fingers', () => {
    const small = [
      ['down', 1, 10, 10],
      ['move', 1, 16, 10],
      ['up', 1, 16, 10],
    ] satisfies ['down' | 'move' | 'up', number, number, number][];
    expect(done(small, { pointerType: 'touch' })).toEqual(['click 16 10 false']);
    expect(done(small)).toEqual(['pan -6 0']);
  });

  test('that are dragged pan, with nothing of the way lost', () => {
    expect(
      done([
        ['down', 1, 10, 10],
        ['move', 1, 12, 10],
        ['move', 1, 20, 10],
        ['move', 1, 20, 15],
        ['up', 1, 20, 15],
      ]),
    ).toEqual(['pan -10 0', 'pan 0 -5']);
  });

  test('two pan with their middle and zoom about it', () => {
    const calls = done([
      ['down', 1, 0, 0],
      ['down', 2, 100, 0],
      ['move', 2, 200, 0],
      ['up', 2, 200, 0],
      ['up', 1, 0, 0],
    ]);
    expect(calls).toEqual(['pan -50 0', 'zoom 2 100 0']);
  });

  test('with Shift a rubber band is drawn, which a second finger or the system may break off', () => {
    const drawn: ['down' | 'move', number, number, number][] = [
      ['down', 1, 10, 10],
      ['move', 1, 30, 40],
    ];
    const band = 'band {"x":10,"y":10} {"x":30,"y":40}';
    expect(done([...drawn, ['up', 1, 30, 40]], { shiftKey: true })).toEqual([band, 'end true']);
    expect(done([...drawn, ['cancel', 1, 30, 40]], { shiftKey: true })).toEqual([band, 'end false']);
    expect(done([...drawn, ['down', 2, 50, 50]], { shiftKey: true })).toEqual([band, 'end false']);
  });

  test('with Shift a click adds to the selection', () => {
    expect(
      done(
        [
          ['down', 1, 1, 1],
          ['up', 1, 1, 1],
        ],
        { shiftKey: true },
      ),
    ).toEqual(['click 1 1 true']);
  });
});
