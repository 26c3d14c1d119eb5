/** Before all tests, once for all projects: what plays the same again. */
export default function setup(): void {
  if (process.env.SEED_IS_TOLD) return;
  process.env.SEED_IS_TOLD = 'yes';
  console.log(`SEED=${process.env.SEED}: what tests draw at random in this run; SEED=N plays it again`);
}
