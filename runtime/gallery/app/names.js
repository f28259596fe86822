/** One's tags and albums, which several views offer to choose from. */
import { call } from "./api.js";
import { place } from "./router.js";
import { createStore, useStore } from "./store.js";

const PAGE = 100;

export const names = createStore({ tags: [], albums: [], loaded: false });

/** Ask for them; again after one was made or changed. */
export async function loadNames() {
  const [tags, albums] = await Promise.all([all("tags"), all("albums")]);
  names.set({ tags, albums, loaded: true });
}

/** The album whose images are shown: its own page, or the library's filter. */
export function useShownAlbum() {
  const { path, params } = useStore(place);
  const [, section, id] = path.split("/");
  const shown = section === "albums" ? id : params.album;
  return useStore(names).albums.find((album) => album.id === shown);
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
