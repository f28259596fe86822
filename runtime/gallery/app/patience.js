/** What fails in passing is tried again. */

const TRIES = 4;

/** Whether it was too much at once, or nobody answered: the same may succeed in a moment. */
export const isPassing = (error) => error.status === 0 || error.status === 429 || error.status >= 500;

/** Again, when the failure may pass: after as long as the answer says, or 1, 2 and 4 seconds. */
export async function patiently(work) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || tries === TRIES) throw error;
      const seconds = error.retryAfter || 2 ** (tries - 1);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }
}
