/** The same for many, a few at a time. */
import { notify } from "./notices.js";
import { patiently } from "./patience.js";
import { many } from "./words.js";

const AT_ONCE = 4;

/**
 * Do the work for each. A failure of one is no reason to leave the others; the end of the session is.
 *
 * @template T
 * @param {T[]} all
 * @param {(one: T) => Promise<unknown>} work
 * @param {(done: number) => void} [onProgress]
 * @returns {Promise<{done: number, trouble: string}>}  how many succeeded, and what was wrong with the first that did not
 */
export async function forEach(all, work, onProgress) {
  const waiting = [...all];
  let done = 0;
  let trouble = "";
  let over = false;
  async function worker() {
    while (waiting.length && !over) {
      const one = waiting.shift();
      try {
        await patiently(() => work(one));
        done += 1;
        onProgress?.(done);
      } catch (error) {
        trouble ||= error.message;
        over ||= error.status === 401;
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { done, trouble };
}

/** Say how it went: `3 images deleted.`, or how many of them, and why not all. */
export function tell({ done, trouble }, count, deed) {
  if (trouble) notify(`${done} of ${many(count, "image")} ${deed}. ${trouble}`, "error");
  else notify(`${many(count, "image")} ${deed}.`);
}
