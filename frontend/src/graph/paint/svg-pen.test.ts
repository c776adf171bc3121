import { describe, expect, test } from 'vitest';
import { escapeXml, SvgPen } from './svg-pen.ts';

/** The elements of a file, without its frame. */
function elements(paint: (pen: SvgPen) => void): string[] {
  const pen = new SvgPen();
  paint(pen);
  return pen.document('t', 10, 10, '#fff', 'sans-serif').split('\n').slice(4, -2);
}

describe('shapes', () => {
  test('a path that is filled and stroked is one element', () => {
    const [only, ...rest] = elements((pen) => {
      pen.fillStyle = '#eef';
      pen.strokeStyle = '#123';
      pen.lineWidth = 0.8;
      pen.beginPath();
      pen.roundRect(1, 2, 30, 20, 5);
      pen.fill();
      pen.stroke();
    });
    expect(rest).toEqual([]);
    expect(only).toMatch(
      /^<path d="M6 2h20a5 5 0 0 1 5 5v10.*Z" fill="#eef" stroke="#123" stroke-width="0.8"\/>$/,
    );
  });

  test('a path that grew after it was filled is not', () => {
    const made = elements((pen) => {
      pen.beginPath();
      pen.rect(0, 0, 1, 1);
      pen.fill();
      pen.lineTo(5, 5);
      pen.stroke();
    });
    expect(made.length).toBe(2);
    expect(made[1]).toContain('fill="none"');
  });

  test('lines, curves, corners, dashes and transparency', () => {
    const made = elements((pen) => {
      pen.setLineDash([6, 4]);
      pen.globalAlpha = 0.25;
      pen.beginPath();
      pen.moveTo(0, 0);
      pen.lineTo(0, 10);
      pen.bezierCurveTo(0, 20, 40, 20, 40, 30);
      pen.arcTo(40, 60, 80, 60, 6);
      pen.stroke();
    });
    expect(made).toEqual([
      '<path d="M0 0L0 10C0 20 40 20 40 30L40 54Q40 60 46 60" fill="none" opacity="0.25" stroke="#000" ' +
        'stroke-width="1" stroke-dasharray="6 4"/>',
    ]);
  });

  test('nothing is written for nothing', () => {
    const made = elements((pen) => {
      pen.beginPath();
      pen.fill();
      pen.stroke();
      pen.fillText('', 0, 0);
    });
    expect(made).toEqual([]);
  });
});

describe('texts', () => {
  test('are texts, with their font and place', () => {
    const made = elements((pen) => {
      pen.font = '600 12px system-ui, "Segoe UI"';
      pen.textBaseline = 'middle';
      pen.textAlign = 'right';
      pen.fillStyle = '#1b2430';
      pen.fillText('CONV_2D', 5, 10);
    });
    expect(made).toEqual([
      '<text x="5" y="14.32" font-size="12" font-weight="600" text-anchor="end" fill="#1b2430">CONV_2D</text>',
    ]);
  });

  test('of hostile names stay texts, and the file stays XML', () => {
    const evil = '</text><script>alert("1")</script>&amp;\u0000\u0008\ud800 \u{1f600}';
    const [made] = elements((pen) => pen.fillText(evil, 0, 0));
    expect(made).toContain(
      '>&lt;/text&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;\ufffd\ufffd\ufffd \u{1f600}</text>',
    );
    const pen = new SvgPen();
    expect(pen.document('"><evil', 1, 1, '#fff', 'a"b')).not.toContain('<evil');
  });

  test('escaping leaves harmless characters alone', () => {
    expect(escapeXml("1×32 → 'a'\n")).toBe('1×32 → &#39;a&#39;\n');
  });
});

test('what is not a plain colour is refused', () => {
  expect(() =>
    elements((pen) => {
      pen.fillStyle = {} as CanvasGradient;
      pen.fillRect(0, 0, 1, 1);
    }),
  ).toThrow('plain colours');
});
