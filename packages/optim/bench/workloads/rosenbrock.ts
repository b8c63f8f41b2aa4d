/** The extended Rosenbrock function of 1000 variables as vector code, f64: gradient, and Hessian times a vector. */
import { gradient, pushforward } from '@ad/backprop';
import { Graph, type GraphNode, slice } from '@ad/graph';
import { waves, type Workload } from '../workload.ts';

const SIZE = 1000;

function rosenbrock(x: GraphNode): GraphNode {
  const [odd, even] = [slice(x, [{ step: 2 }]), slice(x, [{ start: 1, step: 2 }])];
  return even.sub(odd.square()).square().mul(100).add(odd.neg().add(1).square()).sum();
}

export function rosenbrockGradient(): Workload {
  const x = new Graph().input('x', { value: waves(SIZE, 1) });
  return {
    name: 'rosenbrock-1000',
    spec: { outputs: [gradient(rosenbrock(x), x)] },
    precision: 'f64',
  };
}

export function rosenbrockProduct(): Workload {
  const graph = new Graph();
  const x = graph.input('x', { value: waves(SIZE, 1) });
  const v = graph.input('v', { value: waves(SIZE, 2) });
  const product = pushforward(gradient(rosenbrock(x), x), x, v);
  return { name: 'rosenbrock-1000-hvp', spec: { outputs: [product] }, precision: 'f64' };
}
