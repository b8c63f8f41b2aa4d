/**
 * Scalar reverse mode in the style of many small teaching libraries: an object and a closure per operation, a
 * topological sort for each backward pass.
 */

/** A number that remembers how it was computed. */
export class Value {
  data: number;
  grad = 0;
  readonly operands: readonly Value[];
  backwardStep: () => void = () => {};

  constructor(data: number, operands: readonly Value[] = []) {
    this.data = data;
    this.operands = operands;
  }

  add(other: Value): Value {
    const out = new Value(this.data + other.data, [this, other]);
    out.backwardStep = () => {
      this.grad += out.grad;
      other.grad += out.grad;
    };
    return out;
  }

  sub(other: Value): Value {
    const out = new Value(this.data - other.data, [this, other]);
    out.backwardStep = () => {
      this.grad += out.grad;
      other.grad -= out.grad;
    };
    return out;
  }

  mul(other: Value): Value {
    const out = new Value(this.data * other.data, [this, other]);
    out.backwardStep = () => {
      this.grad += other.data * out.grad;
      other.grad += this.data * out.grad;
    };
    return out;
  }

  div(other: Value): Value {
    const out = new Value(this.data / other.data, [this, other]);
    out.backwardStep = () => {
      this.grad += out.grad / other.data;
      other.grad -= (out.grad * out.data) / other.data;
    };
    return out;
  }

  unary(value: number, slope: () => number): Value {
    const out = new Value(value, [this]);
    out.backwardStep = () => {
      this.grad += slope() * out.grad;
    };
    return out;
  }

  tanh(): Value {
    const t = Math.tanh(this.data);
    return this.unary(t, () => 1 - t * t);
  }

  exp(): Value {
    const e = Math.exp(this.data);
    return this.unary(e, () => e);
  }

  log(): Value {
    return this.unary(Math.log(this.data), () => 1 / this.data);
  }

  sin(): Value {
    return this.unary(Math.sin(this.data), () => Math.cos(this.data));
  }

  /** The gradient with respect to everything below, without recursion: graphs here are deep. */
  backward(): void {
    const order: Value[] = [];
    const visited = new Set<Value>();
    const stack: { readonly value: Value; next: number }[] = [{ value: this, next: 0 }];
    visited.add(this);
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      if (top.next === top.value.operands.length) {
        order.push(top.value);
        stack.pop();
        continue;
      }
      const operand = top.value.operands[top.next++]!;
      if (visited.has(operand)) continue;
      visited.add(operand);
      stack.push({ value: operand, next: 0 });
    }
    this.grad = 1;
    for (let i = order.length - 1; i >= 0; i--) order[i]!.backwardStep();
  }
}
