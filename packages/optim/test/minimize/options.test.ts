import { type GraphNode, less, tensor } from '@ad/graph';
import {
  backtracking,
  gradientDescent,
  heavyBall,
  lbfgs,
  minimize,
  nesterov,
  newton,
  strongWolfe,
} from '@ad/optim';
import { expect, test } from 'vitest';

const square = (x: GraphNode): GraphNode => x.square().sum();
const bad = (options: object) => () => minimize<number>(square, 1, options);

const wrong: readonly (readonly [make: () => unknown, message: RegExp])[] = [
  [
    () => gradientDescent({ stepSize: 0 }),
    /^gradientDescent: stepSize is 0, expected a finite number above 0$/,
  ],
  [() => gradientDescent({ smoothness: -1 }), /smoothness is -1, expected a finite number above 0/],
  [
    () => gradientDescent({ stepSize: 1, smoothness: 1 }),
    /stepSize and smoothness contradict each other/,
  ],
  [() => gradientDescent({ strongConvexity: 1 }), /strongConvexity is 1 and smoothness undefined/],
  [
    () => gradientDescent({ smoothness: 1, strongConvexity: 2 }),
    /expected a smoothness that is not below it/,
  ],
  [
    () => gradientDescent({ lineSearch: 1 as never }),
    /lineSearch is 1, expected one such as backtracking/,
  ],
  [
    () => gradientDescent({ rate: 1 } as never),
    /there is no option "rate"; the options are stepSize/,
  ],
  [
    () => heavyBall({}),
    /^heavyBall: neither of stepSize and smoothness is given; give one of them$/,
  ],
  [
    () => heavyBall({ stepSize: 1, momentum: 1 }),
    /momentum is 1, expected a number from 0 up to but not/,
  ],
  [() => heavyBall({ smoothness: 1 }), /smoothness takes strongConvexity beside it/],
  [
    () => heavyBall({ smoothness: 1, strongConvexity: 1, momentum: 0.5 }),
    /no momentum, which follows/,
  ],
  [() => nesterov({ stepSize: 1, smoothness: 1 }), /both of stepSize and smoothness are given/],
  [
    () => nesterov({ stepSize: 1, momentum: 'fast' as never }),
    /momentum is "fast", expected a number or 'convex'/,
  ],
  [
    () => nesterov({ smoothness: 2, strongConvexity: 1, momentum: 0.1 }),
    /momentum follows from strongConvexity/,
  ],
  [
    () => newton({ variant: 'quick' as never }),
    /variant is "quick", expected plain, damped or safeguarded/,
  ],
  [() => newton({ stepSize: 0.5 }), /stepSize is for plain steps, but variant is safeguarded/],
  [() => newton({ variant: 'plain', lineSearch: backtracking() }), /a plain step is not searched/],
  [() => lbfgs({ memory: 0 }), /^lbfgs: memory is 0, expected an integer of 1 or more$/],
  [
    () => backtracking({ contraction: 1 }),
    /contraction is 1, expected a number above 0 and below 1/,
  ],
  [() => backtracking({ maxTrials: 0 }), /maxTrials is 0, expected an integer of 1 or more/],
  [
    () => strongWolfe({ sufficientDecrease: 0.5, curvature: 0.4 }),
    /expected the first to be smaller/,
  ],
  [
    bad({ method: 'lbfgs' }),
    /^minimize: method is "lbfgs", expected one such as lbfgs\(\) or newton\(\)$/,
  ],
  [
    bad({ gradientTolerance: -1 }),
    /gradientTolerance is -1, expected a finite number of 0 or more/,
  ],
  [
    bad({ maxIterations: 0.5 }),
    /maxIterations is 0\.5, expected an integer of 0 or more, or Infinity/,
  ],
  [
    bad({ maxEvaluations: 0 }),
    /maxEvaluations is 0, expected an integer of 1 or more, or Infinity/,
  ],
  [bad({ tolerance: 1 }), /there is no option "tolerance"/],
  [bad({ signal: 1 }), /signal is 1, expected \{ aborted: boolean \}/],
  [bad({ onIteration: 1 }), /onIteration is 1, expected a function/],
  [bad({ executor: 1 }), /executor is 1, expected one such as compiler/],
  [
    bad({ method: newton(), bounds: { lower: 0 } }),
    /newton does not take bounds; lbfgs, gradientDescent, heavyBall and nesterov do/,
  ],
  [
    bad({ method: gradientDescent(), bounds: { lower: 2, upper: 1 } }),
    /the bounds of x0 are 2 and 1, expected/,
  ],
  [
    bad({ method: gradientDescent(), bounds: { lower: Number.NaN } }),
    /the lower bound of x0 is NaN/,
  ],
  [bad({ method: gradientDescent(), bounds: { least: 1 } }), /bounds: there is no option "least"/],
  [
    () =>
      minimize(
        (x: { w: GraphNode }) => x.w.sum(),
        { w: tensor([1, 2]) },
        {
          method: gradientDescent(),
          bounds: { lower: { w: tensor([1]) } },
        },
      ),
    /the lower bounds of x0\.w have shape \[1\], expected \[2\] or one number/,
  ],
  [
    () =>
      minimize(
        (x: { w: GraphNode }) => x.w.sum(),
        { w: tensor([1, 2]) },
        {
          method: gradientDescent(),
          bounds: { upper: {} },
        },
      ),
    /the upper bounds must have the form of what they belong to, but \.w is undefined/,
  ],
  [
    () => minimize(3 as never, 1),
    /the first argument is 3, expected a function of a tree of nodes/,
  ],
  [() => minimize(square, 'x' as never), /expected a number, a tensor, a typed array/],
  [() => minimize(square, new Float64Array(0)), /x0 has no elements; there is nothing to vary/],
  [
    () => minimize(square, new Int32Array(2)),
    /x0 is of kind integer .* only real numbers can be varied/,
  ],
  [
    () => minimize((x: GraphNode) => x, tensor([1, 2])),
    /returned an array of shape \[2\], expected a scalar/,
  ],
  [() => minimize(() => 3 as never, 1), /the function returned 3, expected a node/],
  [() => minimize((x: GraphNode) => less(x, 1), 1), /which is not real/],
];

test.each(wrong)('case %#', (make, message) => {
  expect(make).toThrow(message);
});

test('nothing has been evaluated when options are wrong', () => {
  let calls = 0;
  const f = (x: GraphNode): GraphNode => {
    calls++;
    return x.square();
  };
  expect(() => minimize(f, 1, { maxIterations: -1 })).toThrow(/maxIterations/);
  expect(calls).toBe(0);
});
