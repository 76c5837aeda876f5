/** Following an execution to its end, over as many connections as that takes. */

/**
 * Calls `take` with each batch, and returns when the stream completes.
 *
 * `watch(variables, take)` subscribes once: it returns when the stream completes and throws when its connection is lost.
 * `reconnect` is called with what it threw.
 */
export async function follow(watch, id, take, reconnect) {
  let fromIndex = -1;
  const remember = (batch) => {
    fromIndex = batch.nextIndex;
    take(batch);
  };
  for (;;) {
    try {
      return await watch({ id, fromIndex }, remember);
    } catch (error) {
      await reconnect(error); // waits a while, or throws what is no lost connection
    }
  }
}
