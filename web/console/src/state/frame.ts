/** A page that is not looked at has no frames, but goes on. */
const LONGEST_MS = 250;

/** Calls `act` once with the next frame, however often it is asked for before. */
export function onNextFrame(act: () => void): () => void {
  let isDue = false;
  const run = () => {
    if (!isDue) return;
    isDue = false;
    act();
  };
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(run);
    window.setTimeout(run, LONGEST_MS);
  };
}
