/** One's tags and albums, which several views offer to choose from. */
import { call } from "./api.js";
import { createStore } from "./store.js";

export const names = createStore({ tags: [], albums: [], loaded: false });

/** Ask for them; again after one was made or changed. */
export async function loadNames() {
  const [tags, albums] = await Promise.all([call("GET", "tags"), call("GET", "albums")]);
  names.set({ tags: tags.tags, albums: albums.albums, loaded: true });
}
