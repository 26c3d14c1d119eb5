/** What travels between the page and the control worker: commands one way, one plain state object the other. */

/** What the owner of the tab has chosen. */
export interface Settings {
  /** Share of the time in which this tab may compute: above 0, at most 1. */
  dutyCycle: number;
  /** Cores of the processor that it may use: so many engines compute at a time. A GPU is used whole. */
  cores: number;
  pauseWhenHidden: boolean;
  /** Keep the screen on, so that the device does not fall asleep. */
  keepAwake: boolean;
}

/** How many cores is a question of the device: `tab/conditions/cores.ts`. */
export const DEFAULT_SETTINGS: Settings = {
  dutyCycle: 1,
  cores: 1,
  pauseWhenHidden: false,
  keepAwake: false,
};

/** What only the page can know of the device. */
export interface Conditions {
  online: boolean;
  hidden: boolean;
  saveData: boolean;
  /** Null where the browser does not tell. */
  battery: { level: number; charging: boolean } | null;
}

/**
 * `off`: never started, or stopped. `elsewhere`: another tab of this browser contributes. `paused`: by its
 * owner, or by the device's condition. `finished`: the run is over. `refused`: this tab cannot take part.
 */
export type Phase =
  | 'off'
  | 'elsewhere'
  | 'connecting'
  | 'preparing'
  | 'contributing'
  | 'paused'
  | 'offline'
  | 'finished'
  | 'refused';

/** The loss of a step. */
export interface LossPoint {
  step: number;
  loss: number;
}

/** What a page can show of a tab's part in a run. */
export interface ContributionState {
  phase: Phase;
  /** One sentence for people. */
  message: string;
  /** Nothing comes of starting again: the run is over, or the coordinator has sent this tab away. */
  isFinal: boolean;
  /** The name that the coordinator and its dashboard show for this tab. */
  name: string;
  /** Empty until one is chosen. */
  engine: string;
  engineReason: string;
  /** How many engines compute at a time; 0 before one is chosen. */
  lanes: number;
  /** Samples that the coordinator has counted of this browser, and of all workers of the run. */
  samples: number;
  samplesOfRun: number;
  /** Computed here, over the last seconds; 0 while nothing is. */
  samplesPerSecond: number;
  /** Bytes of model and data fetched over the network since the page was opened. */
  downloadedBytes: number;
  step: number;
  steps: number;
  loss: number | null;
  /** The latest losses, oldest first: one a second at most. */
  losses: LossPoint[];
  /** Where data is kept: `opfs`, `cache-storage` or `memory`; empty before the start. */
  cache: string;
  settings: Settings;
}

export const initialState = (name: string, settings: Settings): ContributionState => ({
  phase: 'off',
  message: 'Nothing runs until you say so.',
  isFinal: false,
  name,
  engine: '',
  engineReason: '',
  lanes: 0,
  samples: 0,
  samplesOfRun: 0,
  samplesPerSecond: 0,
  downloadedBytes: 0,
  step: 0,
  steps: 0,
  loss: null,
  losses: [],
  cache: '',
  settings,
});

/** A message from the page to the control worker. `start` comes first. */
export type TabCommand =
  | {
      type: 'start';
      name: string;
      engine: string;
      /** The coordinator's address, without a slash at the end. */
      coordinator: string;
      /** What the page shows; absent where its own cookie does. */
      token?: string;
      settings: Settings;
      conditions: Conditions;
      /** Bytes of memory that engines may take. */
      memoryOfEngines: number;
    }
  | { type: 'pause' | 'resume' | 'stop' }
  | { type: 'settings'; settings: Settings }
  | { type: 'conditions'; conditions: Conditions };

/** A message from the control worker to the page. `ended`: it holds no resources and may be terminated. */
export type Report = { type: 'state'; state: ContributionState } | { type: 'ended' };
