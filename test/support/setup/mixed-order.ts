/**
 * The order in which files of tests begin, where nothing is known of how long they take: those that mostly wait, for
 * processes and pages, among those that compute, so that both processors have work; the many small ones come last, since
 * a long file that begins last keeps only one of them busy.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const WAITING = ['browser', 'system', 'replaced'];
const COMPUTING = ['tfjs', 'simulation'];

export default class MixedOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const of = (names: string[]) =>
      names.flatMap((name) => sorted.filter(({ project }) => project.name === name));
    const spread = [of(WAITING), of(COMPUTING)].flatMap((group) =>
      group.map((file, at) => ({ file, at: at / group.length })),
    );
    const first = spread.sort((a, b) => a.at - b.at).map(({ file }) => file);
    return [...first, ...sorted.filter((file) => !first.includes(file))];
  }
}
