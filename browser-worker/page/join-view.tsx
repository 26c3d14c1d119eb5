/** Contributing this tab: what it gives to the run, and how much of the device it may use. */
export function JoinView() {
  return <main>swarmgrad</main>;
}
