/** One's tags and albums, which several views offer to choose from. */
import { call } from "./api.js";
import { createStore } from "./store.js";

const PAGE = 100;

export const names = createStore({ tags: [], albums: [], loaded: false });

/** Ask for them; again after one was made or changed. */
export async function loadNames() {
  const [tags, albums] = await Promise.all([all("tags"), all("albums")]);
  names.set({ tags, albums, loaded: true });
}

/** Every page of a list. */
async function all(what) {
  const rows = [];
  let cursor;
  do {
    const page = await call("GET", what, { query: { limit: PAGE, cursor } });
    rows.push(...page[what]);
    cursor = page.next_cursor;
  } while (cursor);
  return rows;
}
