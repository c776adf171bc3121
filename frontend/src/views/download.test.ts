import { expect, test } from 'vitest';
import { fileName } from './download.ts';

test('file names hold nothing that a system could take for something else', () => {
  expect(fileName('model.tflite main/layers', 'svg')).toBe('model.tflite_main_layers.svg');
  expect(fileName('../../etc/passwd', 'png')).toBe('etc_passwd.png');
  expect(fileName('<b>\u202e"\n', 'svg')).toBe('b_.svg');
  expect(fileName('...', 'svg')).toBe('graph.svg');
  expect(fileName('x'.repeat(500), 'svg').length).toBe(104);
});
