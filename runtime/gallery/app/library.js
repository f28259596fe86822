/** One's images in an order and by filters: pages by cursor as they are needed, kept current while any is on its way. */
import { call } from "./api.js";
import { notify } from "./notices.js";
import { isPassing } from "./patience.js";
import { createStore } from "./store.js";
import { SETTLED, titleOf } from "./words.js";

const PAGE = 100;
const POLL_MILLISECONDS = 1500;
/** Images further down the list whose progress is asked for one by one. */
const FOLLOWED = 8;

/** The filters that `GET /items` takes. */
export const FILTERS = ["status", "category", "tag", "album", "taken_from", "taken_to", "sort"];

const EMPTY = { items: [], total: 0, cursor: null, loaded: false, error: "" };

/** `loaded`: the first page is there. `items` is a beginning of the list, `total` its whole length. */
export const library = createStore({ ...EMPTY, filters: {} });

/** What has been deleted since the page was opened: other lists may show it still. */
export const gone = createStore({ ids: new Set() });

let generation = 0;
let loading = null;
let sought = -1;
let timer = 0;

/** Show another list. The same filters change nothing. */
export function show(filters) {
  const { filters: present, loaded, error } = library.get();
  if ((loaded || loading) && !error && JSON.stringify(present) === JSON.stringify(filters)) return;
  generation += 1;
  loading = null;
  library.set({ ...EMPTY, filters });
  void next();
}

/** Have pages loaded until the image at `index` is there, or until another is sought. */
export async function reach(index) {
  sought = index;
  const mine = generation;
  while (mine === generation && !loading) {
    const { items, cursor } = library.get();
    if (sought < items.length || cursor === null || !(await next())) return;
  }
}

/** Look whether something has come or changed: now, and again while images are on their way. */
export async function refresh() {
  clearTimeout(timer);
  timer = 0;
  const { filters, loaded } = library.get();
  if (!loaded) return;
  const mine = generation;
  try {
    const page = await call("GET", "items", { query: { ...filters, limit: PAGE } });
    if (mine !== generation) return;
    merge(page);
    await follow(new Set(page.items.map((item) => item.id)));
  } catch (error) {
    // Out of reach, too much at once, or a passing trouble: the next look may succeed.
    if (!isPassing(error)) notify(error.message, "error");
  } finally {
    if (mine === generation) schedule();
  }
}

/** Put a newer version of an image in its place. */
export function replace(item) {
  const { items } = library.get();
  const index = items.findIndex((each) => each.id === item.id);
  if (index >= 0) library.set({ items: items.with(index, slim(item)) });
  schedule();
}

/** It is no longer there. */
export function remove(id) {
  gone.set({ ids: new Set([...gone.get().ids, id]) });
  drop(id);
}

/** It is no longer in this list. */
export function drop(id) {
  const { items, total } = library.get();
  const left = items.filter((item) => item.id !== id);
  if (left.length < items.length) library.set({ items: left, total: total - 1 });
}

/** Forget everything, as when somebody signs out. */
export function reset() {
  generation += 1;
  loading = null;
  clearTimeout(timer);
  library.set({ ...EMPTY, filters: {} });
  gone.set({ ids: new Set() });
}

/** Add the next page. Whether it came. */
async function next() {
  const mine = generation;
  const { filters, cursor } = library.get();
  loading = call("GET", "items", { query: { ...filters, limit: PAGE, cursor } });
  try {
    const page = await loading;
    if (mine !== generation) return false;
    const { items } = library.get();
    const known = new Set(items.map((item) => item.id));
    const more = page.items.filter((item) => !known.has(item.id)).map(slim);
    library.set({ items: [...items, ...more], total: page.total, cursor: page.next_cursor, loaded: true, error: "" });
    schedule();
    return true;
  } catch (error) {
    if (mine === generation) library.set({ error: error.message });
    return false;
  } finally {
    if (mine === generation) loading = null;
  }
}

/** The first page has come again: what is new goes to the front, what is known is replaced. */
function merge(page) {
  const { items, cursor } = library.get();
  const fresh = new Map(page.items.map((item) => [item.id, slim(item)]));
  const kept = items.filter((item, index) => fresh.has(item.id) || index >= page.items.length);
  const known = new Set(kept.map((item) => item.id));
  const added = page.items.filter((item) => !known.has(item.id)).map(slim);
  const next = [...added, ...kept.map((item) => fresh.get(item.id) ?? item)];
  library.set({ items: next, total: page.total, cursor: cursor ?? (next.length < page.total ? page.next_cursor : null) });
}

/** Images on their way that the first page does not show. */
async function follow(seen) {
  const waiting = library.get().items.filter((item) => !SETTLED.has(item.status) && !seen.has(item.id));
  for (const item of waiting.slice(0, FOLLOWED)) replace(await call("GET", `items/${item.id}`));
}

function schedule() {
  if (timer || !library.get().items.some((item) => !SETTLED.has(item.status))) return;
  timer = setTimeout(() => void refresh(), POLL_MILLISECONDS);
}

/** What the grid shows of an item: ten thousand whole analyses would fill a phone's memory. */
export function slim(item) {
  return {
    id: item.id,
    status: item.status,
    stage: item.stage,
    error: item.error,
    duplicate_of: item.duplicate_of,
    name: item.original_filename,
    title: titleOf(item),
    category: item.category,
    thumbnail: item.thumbnail_url,
    size: item.file_size,
    created_at: item.created_at,
  };
}
