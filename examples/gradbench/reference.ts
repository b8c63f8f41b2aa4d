/** The functions once more, in plain TypeScript on numbers: what the evals are tested against. */

type Rows = readonly (readonly number[])[];

/** `llsq` and its gradient in closed form. */
export function llsq({ x, n }: { x: readonly number[]; n: number }): {
  value: number;
  gradient: number[];
} {
  const gradient = x.map(() => 0);
  let value = 0;
  for (let i = 0; i < n; i++) {
    const t = -1 + (2 * i) / (n - 1);
    let rest = Math.sign(t);
    x.forEach((c, j) => (rest -= c * t ** j));
    value += (rest * rest) / 2;
    x.forEach((_, j) => (gradient[j]! -= rest * t ** j));
  }
  return { value, gradient };
}

/** `lse` and its gradient in closed form. */
export function lse({ x }: { x: readonly number[] }): { value: number; gradient: number[] } {
  const largest = Math.max(...x);
  const sum = x.reduce((total, xi) => total + Math.exp(xi - largest), 0);
  return {
    value: largest + Math.log(sum),
    gradient: x.map((xi) => Math.exp(xi - largest) / sum),
  };
}

/** `det` by elimination with pivots, and its gradient: the cofactors, each a determinant. */
export function det({ A, ell }: { A: readonly number[]; ell: number }): {
  value: number;
  gradient: number[];
} {
  const determinant = (m: number[][]): number => {
    const a = m.map((row) => [...row]);
    let product = 1;
    for (let k = 0; k < a.length; k++) {
      let pivot = k;
      for (let i = k + 1; i < a.length; i++)
        if (Math.abs(a[i]![k]!) > Math.abs(a[pivot]![k]!)) pivot = i;
      if (a[pivot]![k] === 0) return 0;
      if (pivot !== k) {
        [a[k], a[pivot]] = [a[pivot]!, a[k]!];
        product = -product;
      }
      product *= a[k]![k]!;
      for (let i = k + 1; i < a.length; i++) {
        const factor = a[i]![k]! / a[k]![k]!;
        for (let j = k; j < a.length; j++) a[i]![j]! -= factor * a[k]![j]!;
      }
    }
    return product;
  };
  const matrix = Array.from({ length: ell }, (_, i) => A.slice(i * ell, (i + 1) * ell));
  const gradient = A.map((_, e) => {
    const [row, column] = [Math.floor(e / ell), e % ell];
    const minor = matrix
      .filter((_row, i) => i !== row)
      .map((values) => values.filter((_value, j) => j !== column));
    return ((row + column) % 2 === 0 ? 1 : -1) * determinant(minor);
  });
  return { value: determinant(matrix), gradient };
}

/** `kmeans`: the cost, and the step in closed form: half of it is the mean of the differences to the closest points. */
export function kmeans({ points, centroids }: { points: Rows; centroids: Rows }): {
  value: number;
  step: number[][];
} {
  let value = 0;
  const sums = centroids.map((c) => c.map(() => 0));
  const counts = centroids.map(() => 0);
  for (const p of points) {
    let [best, closest] = [Infinity, 0];
    centroids.forEach((c, j) => {
      const distance = c.reduce((sum, ci, i) => sum + (ci - p[i]!) ** 2, 0);
      if (distance < best) [best, closest] = [distance, j];
    });
    value += best;
    counts[closest]!++;
    p.forEach((pi, i) => (sums[closest]![i]! += centroids[closest]![i]! - pi));
  }
  return { value, step: sums.map((row, j) => row.map((sum) => sum / counts[j]!)) };
}

/** `gmm`. */
export function gmm(input: {
  d: number;
  k: number;
  n: number;
  alpha: readonly number[];
  mu: Rows;
  q: Rows;
  l: Rows;
  x: Rows;
  gamma: number;
  m: number;
}): number {
  const { d, k, n, alpha, mu, q, l, x, gamma, m } = input;
  const logSumExp = (values: readonly number[]): number => lse({ x: values }).value;
  const sums = q.map((row) => row.reduce((a, b) => a + b, 0));
  let value = (-n * d * Math.log(2 * Math.PI)) / 2 - n * logSumExp(alpha);
  for (const point of x) {
    value += logSumExp(
      alpha.map((a, c) => {
        const centred = point.map((xi, i) => xi - mu[c]![i]!);
        const out = centred.map((ci, i) => Math.exp(q[c]![i]!) * ci);
        let next = 0;
        for (let i = 0; i < d; i++)
          for (let j = i + 1; j < d; j++) out[j]! += l[c]![next++]! * centred[i]!;
        return a + sums[c]! - 0.5 * out.reduce((sum, o) => sum + o * o, 0);
      }),
    );
  }
  // ln Gamma at halves of integers, up from Gamma(1/2) and Gamma(1).
  const logGamma = (z: number): number => {
    let [sum, at] = Number.isInteger(z) ? [0, 1] : [0.5 * Math.log(Math.PI), 0.5];
    for (; at < z; at++) sum += Math.log(at);
    return sum;
  };
  const freedom = d + m + 1;
  let multigamma = 0.25 * d * (d - 1) * Math.log(Math.PI);
  for (let j = 1; j <= d; j++) multigamma += logGamma(freedom / 2 + (1 - j) / 2);
  const constant = freedom * d * (Math.log(gamma) - 0.5 * Math.log(2)) - multigamma;
  for (let c = 0; c < k; c++) {
    const frobenius =
      q[c]!.reduce((sum, e) => sum + Math.exp(2 * e), 0) + l[c]!.reduce((sum, e) => sum + e * e, 0);
    value += constant - 0.5 * gamma * gamma * frobenius + m * sums[c]!;
  }
  return value;
}

/** `lstm`. */
export function lstm({
  main_params: main,
  extra_params: extra,
  state,
  sequence,
}: {
  main_params: Rows;
  extra_params: Rows;
  state: Rows;
  sequence: Rows;
}): number {
  const b = extra[0]!.length;
  const s = state.map((row) => [...row]);
  const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
  let total = 0;
  for (let t = 0; t + 1 < sequence.length; t++) {
    let value = sequence[t]!.map((z, i) => z * extra[0]![i]!);
    for (let k = 0; k < main.length / 2; k++) {
      const [w, bias] = [main[2 * k]!, main[2 * k + 1]!];
      const [hidden, cell] = [s[2 * k]!, s[2 * k + 1]!];
      for (let i = 0; i < b; i++) {
        const forget = sigmoid(value[i]! * w[i]! + bias[i]!);
        const ingate = sigmoid(hidden[i]! * w[b + i]! + bias[b + i]!);
        const outgate = sigmoid(value[i]! * w[2 * b + i]! + bias[2 * b + i]!);
        const change = Math.tanh(hidden[i]! * w[3 * b + i]! + bias[3 * b + i]!);
        cell[i] = cell[i]! * forget + ingate * change;
        hidden[i] = outgate * Math.tanh(cell[i]!);
      }
      value = [...hidden];
    }
    const y = value.map((z, i) => z * extra[1]![i]! + extra[2]![i]!);
    const normalizer = Math.log(y.reduce((sum, e) => sum + Math.exp(e), 0) + 2);
    y.forEach((e, i) => (total += sequence[t + 1]![i]! * (e - normalizer)));
  }
  return -total / (b * (sequence.length - 1));
}

/** `ba`: the two errors of one observation. */
export function reprojection(
  cam: readonly number[],
  x: readonly number[],
  w: number,
  feat: readonly number[],
): [number, number] {
  const [a, b, c] = [0, 1, 2].map((i) => x[i]! - cam[3 + i]!) as [number, number, number];
  const [rx, ry, rz] = cam as [number, number, number];
  const angle = Math.hypot(rx, ry, rz);
  let turned = [a + ry * c - rz * b, b + rz * a - rx * c, c + rx * b - ry * a];
  if (angle > 0) {
    // The rotation matrix, element by element.
    const [ux, uy, uz] = [rx / angle, ry / angle, rz / angle];
    const [s, co] = [Math.sin(angle), Math.cos(angle)];
    const v = 1 - co;
    turned = [
      (co + ux * ux * v) * a + (ux * uy * v - uz * s) * b + (ux * uz * v + uy * s) * c,
      (uy * ux * v + uz * s) * a + (co + uy * uy * v) * b + (uy * uz * v - ux * s) * c,
      (uz * ux * v - uy * s) * a + (uz * uy * v + ux * s) * b + (co + uz * uz * v) * c,
    ];
  }
  const [px, py] = [turned[0]! / turned[2]!, turned[1]! / turned[2]!];
  const square = px * px + py * py;
  const L = 1 + cam[9]! * square + cam[10]! * square * square;
  return [w * (px * L * cam[6]! + cam[7]! - feat[0]!), w * (py * L * cam[6]! + cam[8]! - feat[1]!)];
}

/** `ode`: the solution. */
export function ode({ x, s }: { x: readonly number[]; s: number }): number[] {
  const h = 2 / s;
  const slope = (y: readonly number[]): number[] =>
    x.map((xi, i) => (i === 0 ? xi : xi * y[i - 1]!));
  let y = x.map(() => 0);
  for (let t = 0; t < s; t++) {
    const k1 = slope(y);
    const k2 = slope(y.map((e, i) => e + (h / 2) * k1[i]!));
    const k3 = slope(y.map((e, i) => e + (h / 2) * k2[i]!));
    const k4 = slope(y.map((e, i) => e + h * k3[i]!));
    y = y.map((e, i) => e + (h / 6) * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!));
  }
  return y;
}

/** What `ht` takes. */
export interface HandInput {
  theta: readonly number[];
  us: Rows;
  data: {
    correspondences: readonly number[];
    points: Rows;
    model: {
      parents: readonly number[];
      base_relatives: readonly Rows[];
      inverse_base_absolutes: readonly Rows[];
      base_positions: Rows;
      weights: Rows;
      triangles: Rows;
      is_mirrored: boolean;
    };
  };
}

/** `ht`: the errors, every vertex moved by every bone. */
export function ht({ theta, us, data }: HandInput): number[] {
  const { model, correspondences, points } = data;
  const times = (a: Rows, b: Rows): number[][] =>
    a.map((row) => b[0]!.map((_, j) => row.reduce((sum, e, k) => sum + e * b[k]![j]!, 0)));
  const about = (angle: number, i: number, j: number): number[][] => {
    const m = [0, 1, 2, 3].map((r) => [0, 1, 2, 3].map((c) => Number(r === c)));
    m[i]![i] = Math.cos(angle);
    m[j]![j] = Math.cos(angle);
    m[i]![j] = -Math.sin(angle);
    m[j]![i] = Math.sin(angle);
    return m;
  };
  const angles = model.parents.map(() => [0, 0]);
  let next = 6;
  for (let finger = 0; finger < 5; finger++) {
    for (let joint = 0; joint < 3; joint++) {
      const bone = 2 + 4 * finger + joint;
      const pair = angles[bone] ?? [0, 0];
      pair[0] = theta[next++]!;
      if (joint === 0) pair[1] = theta[next++]!;
    }
  }
  const absolutes: number[][][] = [];
  const transforms = model.parents.map((parent, bone) => {
    const [tx, tz] = angles[bone]!;
    const turn = times(about(tz!, 0, 1), about(tx!, 1, 2));
    const relative = times(model.base_relatives[bone]!, turn);
    absolutes.push(parent === -1 ? relative : times(absolutes[parent]!, relative));
    return times(absolutes[bone]!, model.inverse_base_absolutes[bone]!);
  });
  const angle = Math.hypot(theta[0]!, theta[1]!, theta[2]!);
  const [x, y, z] = [0, 1, 2].map((i) => theta[i]! / angle) as [number, number, number];
  const [s, c] = [Math.sin(angle), Math.cos(angle)];
  const R =
    angle < 1e-4
      ? [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ]
      : [
          [x * x + (1 - x * x) * c, x * y * (1 - c) - z * s, x * z * (1 - c) + y * s],
          [x * y * (1 - c) + z * s, y * y + (1 - y * y) * c, y * z * (1 - c) - x * s],
          [x * z * (1 - c) - y * s, z * y * (1 - c) + x * s, z * z + (1 - z * z) * c],
        ];
  const vertex = (v: number): number[] => {
    const place = [0, 0, 0];
    transforms.forEach((t, bone) => {
      for (let i = 0; i < 3; i++)
        place[i]! +=
          model.weights[v]![bone]! *
          t[i]!.reduce((sum, e, k) => sum + e * model.base_positions[v]![k]!, 0);
    });
    if (model.is_mirrored) place[0]! *= -1;
    return R.map((row, i) => row.reduce((sum, e, k) => sum + e * place[k]!, theta[3 + i]!));
  };
  return correspondences.flatMap((seen, i) => {
    let place: number[];
    if (us.length === 0) place = vertex(seen);
    else {
      const [p, q, r] = model.triangles[seen]!.map(vertex) as [number[], number[], number[]];
      const [u, v] = us[i]! as [number, number];
      place = p.map((e, k) => u * e + v * q[k]! + (1 - u - v) * r[k]!);
    }
    return place.map((e, k) => points[i]![k]! - e);
  });
}
