/** How far a confidence can be trusted that rests on few people. */

/** 97.5 % quantile of the standard normal distribution: two-sided 95 %. */
const Z = 1.959963984540054;

/** Lower end of the 95 % Wilson interval of freqUnion / freq, 0 to 1; 0 when there is no evidence. */
export function reliability(freqUnion: number, freq: number): number {
  if (freq === 0) return 0;
  const share = freqUnion / freq;
  const z2 = Z * Z;
  const margin = Z * Math.sqrt((share * (1 - share) + z2 / (4 * freq)) / freq);
  return Math.max(0, (share + z2 / (2 * freq) - margin) / (1 + z2 / freq));
}

/** Four decimals, as every confidence is written down. */
export function toFourDecimals(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}

/** freqUnion / freq to four decimals; 0 when there is no evidence. */
export function confidence(freqUnion: number, freq: number): number {
  return freq === 0 ? 0 : toFourDecimals(freqUnion / freq);
}
