/** Finding operators and tensors by words: every word must occur in the type, the name, a shape or a data type. */
import { rowOf } from '../wire/csr.ts';
import { dtypeName, operatorName, operatorTypeName, tensorName, type Model } from '../wire/model.ts';

export interface Matches {
  operators: Int32Array;
  /** Tensors that no operator makes: inputs and constants. */
  tensors: Int32Array;
}

/** The text of every operator and tensor in lower case, made once per model. */
export class SearchIndex {
  private readonly operators: string[];
  private readonly tensors: string[];

  constructor(model: Model) {
    const shapes = Array.from({ length: model.tensorCount }, (_, tensor) => {
      const shape = rowOf(model.tensorShape, tensor).join('x');
      return `${dtypeName(model, tensor)} ${shape}`.toLowerCase();
    });
    this.operators = Array.from({ length: model.operatorCount }, (_, op) => {
      const outputs = Array.from(rowOf(model.outputs, op), (tensor) =>
        tensor < 0 ? '' : shapes[tensor],
      ).join(' ');
      return `#${op} ${operatorTypeName(model, op)} ${operatorName(model, op)} ${outputs}`.toLowerCase();
    });
    this.tensors = Array.from({ length: model.tensorCount }, (_, tensor) =>
      model.producer[tensor] >= 0 ? '' : `${tensorName(model, tensor)} ${shapes[tensor]}`.toLowerCase(),
    );
  }

  /** Everything that has all words of the query, in file order; nothing for an empty query. */
  find(query: string): Matches {
    const words = query.toLowerCase().replaceAll('×', 'x').split(/\s+/).filter(Boolean);
    const having = (texts: string[]): Int32Array => {
      const found: number[] = [];
      if (words.length > 0)
        for (const [id, text] of texts.entries())
          if (text !== '' && words.every((word) => text.includes(word))) found.push(id);
      return Int32Array.from(found);
    };
    return { operators: having(this.operators), tensors: having(this.tensors) };
  }
}
