/** Values and channels of errors of layers, as tb_tflite_plugin/wire.py encodes them; what they are says runtime/closeups.py. */
import { decodeContainer, type Column } from './container.ts';

/** One output of an operator beside that of the reference. */
export interface Closeup {
  /** Values of the reference and of the model; the first pair is where the largest error is, the others are a sample. */
  reference: ArrayLike<number>;
  value: ArrayLike<number>;
  /** By place along the last axis, NaN where nothing is known; empty where there are too many. */
  channels: { referenceRms: ArrayLike<number>; rmse: ArrayLike<number>; meanError: ArrayLike<number> };
}

/** After both models went their own way, and of the operator alone. */
export type Kind = 'whole' | 'local';
export type Closeups = ReadonlyMap<number, Record<Kind, Closeup>>;

export function decodeCloseups(buffer: ArrayBuffer): Closeups {
  const { columns } = decodeContainer(buffer);
  const operators = columns.get('operator') ?? new Int32Array(0);
  return new Map(
    Array.from(operators, (operator, row) => [
      operator,
      { whole: closeup(columns, '', row), local: closeup(columns, 'local_', row) },
    ]),
  );
}

function closeup(columns: ReadonlyMap<string, Column>, prefix: string, row: number): Closeup {
  const list = (name: string): Column => {
    const [values, offsets] = [columns.get(prefix + name), columns.get(`${prefix}${name}.offsets`)];
    if (values === undefined || offsets === undefined) throw new Error(`the answer lacks ${prefix}${name}`);
    return values.subarray(offsets[row], offsets[row + 1]);
  };
  return {
    reference: list('reference'),
    value: list('value'),
    channels: {
      referenceRms: list('channel_reference_rms'),
      rmse: list('channel_rmse'),
      meanError: list('channel_mean_error'),
    },
  };
}
