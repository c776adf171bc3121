import { expect, test } from 'vitest';
import { pluginState, withPluginState } from './tensorboard.ts';

test('reads its own keys only', () => {
  expect(pluginState('#tflite&p.tflite.model=ab&p.scalars.tag=x&p.tflite.tab=graph')).toBe(
    'model=ab&tab=graph',
  );
  expect(pluginState('')).toBe('');
});

test('replaces its own keys and keeps the others', () => {
  expect(withPluginState('#tflite&p.tflite.model=old&runFilter=a', 'model=new&sel=o5')).toBe(
    '#tflite&p.tflite.model=new&p.tflite.sel=o5&runFilter=a',
  );
  expect(withPluginState('', 'model=a')).toBe('#tflite&p.tflite.model=a');
  expect(withPluginState('#scalars', '')).toBe('#scalars');
});
