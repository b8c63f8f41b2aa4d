/** 2-8-1 tanh network, 50 points: the full Hessian of the squared error, 33 by 33, f64. */
import { hessian } from '@ad/backprop';
import { Graph, type GraphNode, slice } from '@ad/graph';
import { waves, type Workload } from '../workload.ts';

const [POINTS, HIDDEN] = [50, 8];

export function fullHessian(): Workload {
  const g = new Graph();
  const x = g.input('x', { shape: [POINTS, 2], value: waves(2 * POINTS, 1) });
  const y = g.input('y', { shape: [POINTS, 1], value: waves(POINTS, 2) });
  const loss = (theta: GraphNode): GraphNode => {
    const part = (start: number, rows: number, columns: number): GraphNode =>
      slice(theta, [{ start, end: start + rows * columns }]).reshape([rows, columns]);
    const h = x
      .matmul(part(0, 2, HIDDEN))
      .add(part(16, 1, HIDDEN))
      .tanh();
    return h
      .matmul(part(24, HIDDEN, 1))
      .add(part(32, 1, 1))
      .sub(y)
      .square()
      .mean();
  };
  const theta = g.input('theta', { value: waves(33, 3) });
  return { name: 'hessian', spec: { outputs: [hessian(loss)(theta)] }, precision: 'f64' };
}
