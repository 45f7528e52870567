/** One measurement. Dimensions are few on purpose: each combination of their values is a metric that costs money. */
export interface Metric {
  name: string;
  unit: 'Count' | 'Milliseconds' | 'Seconds';
  value: number;
  dimensions?: Record<string, string>;
}
