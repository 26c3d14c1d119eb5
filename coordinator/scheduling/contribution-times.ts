/** When a contribution was leased, computed and counted: moments in milliseconds of the coordinator's clock. */
export interface ContributionTimes {
  worker: number;
  name: string;
  shard: number;
  shards: number;
  leasedAt: number;
  /** When the worker told that it had computed, and for how long. */
  announcedAt: number;
  computeMs: number;
  countedAt: number;
}
