/** Upper bounds in seconds of `scan_duration_histogram_seconds` (contract, section 4). */
export const DURATION_BUCKETS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600] as const;
