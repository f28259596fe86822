/** Where one is, as the address's hash says it: `#/search?q=…&item=…`. So every view can be bookmarked and gone back to. */
import { createStore } from "./store.js";

/** `path` begins with a slash; `params` is what follows the question mark. */
export const place = createStore(parsed());

addEventListener("hashchange", readPlace);

/** Read the address anew: after it was replaced, which the browser does not tell of. */
export function readPlace() {
  place.set(parsed());
}

/**
 * @param {string} path
 * @param {Record<string, string | undefined>} [params]  what is undefined or empty is left out
 */
export function address(path, params = {}) {
  const given = Object.entries(params).filter(([, value]) => value);
  const search = new URLSearchParams(/** @type {[string, string][]} */ (given)).toString();
  return `#${path}${search ? `?${search}` : ""}`;
}

/** Go there. With `replace`, the present place is not gone back to. */
export function go(path, params, { replace = false } = {}) {
  const hash = address(path, params);
  if (hash === location.hash) return;
  if (replace) {
    history.replaceState(null, "", hash);
    readPlace();
  } else {
    location.hash = hash;
  }
}

/** The same place with some parameters changed. */
export function goWith(changes, options) {
  const { path, params } = place.get();
  go(path, { ...params, ...changes }, options);
}

export function addressWith(changes) {
  const { path, params } = place.get();
  return address(path, { ...params, ...changes });
}

function parsed() {
  const [path, search] = location.hash.replace(/^#/, "").split("?");
  return { path: path || "/", params: Object.fromEntries(new URLSearchParams(search ?? "")) };
}
