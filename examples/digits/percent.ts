/** `0.9749` as `97.5 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
