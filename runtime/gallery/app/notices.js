/** Short messages at the edge of the page, and how to say what went wrong. */
import { createStore } from "./store.js";

const SECONDS = 6;
let last = 0;

export const notices = createStore({ shown: [] });

/** @param {string} text @param {"info" | "error"} [kind] */
export function notify(text, kind = "info") {
  const id = (last += 1);
  notices.set({ shown: [...notices.get().shown, { id, text, kind }].slice(-3) });
  setTimeout(() => dismiss(id), SECONDS * 1000);
}

export function dismiss(id) {
  notices.set({ shown: notices.get().shown.filter((notice) => notice.id !== id) });
}

/** Do it; what goes wrong is shown. Returns what it gave, or undefined if it failed. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (error.name !== "AbortError") notify(error.message, "error");
    return undefined;
  }
}
