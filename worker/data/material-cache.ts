/** Keeps a run's model, data and engine from one connection to the next, as long as the run calls for the same ones. */
import type { Compute } from '../../engine/compute.js';
import { engineOf } from '../../shared/engines/engines.js';
import type { Welcome } from '../../shared/protocol/messages.js';
import {
  type ComputeSubject,
  type MaterialSources,
  prepareMaterial,
  type RunMaterial,
  sameMaterial,
} from './material.js';

export interface MaterialCacheOptions extends Omit<MaterialSources, 'startCompute'> {
  /** `auto` or the name of an engine. */
  engine: string;
  /** Starts the engine where it shall run; `wanted` is `auto` or its name. */
  startCompute(subject: ComputeSubject, wanted: string): Promise<Compute>;
}

export class MaterialCache {
  private kept: { welcome: Welcome; material: Promise<RunMaterial> } | undefined;

  constructor(private readonly options: MaterialCacheOptions) {}

  /** @throws what fails to be fetched, checked or started; the next call tries it anew */
  of(welcome: Welcome): Promise<RunMaterial> {
    if (this.kept && sameMaterial(this.kept.welcome, welcome)) return this.kept.material;
    void this.release();
    const { startCompute, ...sources } = this.options;
    const material = prepareMaterial(welcome, {
      ...sources,
      startCompute: (subject) => startCompute(subject, this.wantedEngine(welcome)),
    });
    const kept = { welcome, material };
    this.kept = kept;
    material.catch(() => {
      if (this.kept === kept) this.kept = undefined;
    });
    return material;
  }

  /** Ends the engine. */
  async release(): Promise<void> {
    const old = this.kept;
    this.kept = undefined;
    await old?.material.then(({ compute }) => compute.close()).catch(() => undefined);
  }

  /** A run that demands a class is served by the engine of that name; otherwise the owner's wish counts. */
  private wantedEngine({ engineClass }: Welcome): string {
    const { engine } = this.options;
    return engine === 'auto' && engineClass !== 'any' ? engineOf(engineClass) : engine;
  }
}
