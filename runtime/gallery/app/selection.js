/** Images that are selected, to do something with all of them at once. */
import { createStore } from "./store.js";

const NOTHING = { ids: new Set(), base: new Set(), anchor: -1, selecting: false };

/**
 * `selecting`: a click selects instead of opening, also while nothing is selected yet. A range goes from the image at
 * `anchor`, and comes on top of `base`: so it can be made longer and shorter again.
 */
export const selection = createStore({ ...NOTHING });

/** Have clicks select, as a phone needs it, which knows no hovering. */
export function beginSelecting() {
  selection.set({ selecting: true });
}

/** Select what is not, and the other way round. A range may begin here. */
export function toggle(id, index) {
  const ids = new Set(selection.get().ids);
  if (!ids.delete(id)) ids.add(id);
  selection.set({ ids, base: ids, anchor: index, selecting: true });
}

/** Select everything from where the range begins to `index`; from `start` if it begins nowhere yet. */
export function extendTo(index, start, itemAt) {
  const { base, anchor } = selection.get();
  const from = anchor < 0 ? start : anchor;
  const ids = new Set(base);
  for (let each = Math.min(from, index); each <= Math.max(from, index); each += 1) {
    const item = itemAt(each);
    if (item) ids.add(item.id);
  }
  selection.set({ ids, anchor: from, selecting: true });
}

/** The next range begins anew. */
export function endRange() {
  const { ids, anchor } = selection.get();
  if (anchor >= 0) selection.set({ base: ids, anchor: -1 });
}

/** @param {string[]} ids */
export function selectAll(ids) {
  const all = new Set(ids);
  selection.set({ ids: all, base: all, selecting: true });
}

export function clearSelection() {
  selection.set({ ...NOTHING });
}
