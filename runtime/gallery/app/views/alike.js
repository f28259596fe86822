/** Images that look alike though their files differ: a photograph sent twice, a smaller copy, a burst. */
import { useRef, useState } from "preact/hooks";
import { call } from "../api.js";
import { forEach, tell } from "../batch.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { gone, remove } from "../library.js";
import { attempt } from "../notices.js";
import { addressWith } from "../router.js";
import { useStore } from "../store.js";
import { bytes, date, many, number, titleOf } from "../words.js";
import { Confirm } from "./confirm.js";

/** Images that are compared with all others before one is asked whether to go on. */
const COMPARED_AT_ONCE = 100;

export function LookAlikes() {
  const [{ groups, compared, total, cursor, busy }, setState] = useState({ groups: [], compared: 0, total: 0, cursor: undefined, busy: false });
  const { ids: deleted } = useStore(gone);
  const seen = useRef(new Set());
  const compare = () => attempt(async () => {
    setState((state) => ({ ...state, busy: true }));
    try {
      const page = await call("GET", "items", { query: { limit: COMPARED_AT_ONCE, cursor } });
      await forEach(page.items, async (item) => {
        const group = await alike(item, seen.current);
        setState((state) => ({
          ...state, total: page.total, compared: state.compared + 1, groups: group ? [...state.groups, group] : state.groups,
        }));
      });
      setState((state) => ({ ...state, cursor: page.next_cursor }));
    } finally {
      setState((state) => ({ ...state, busy: false }));
    }
  });
  const left = groups.map((group) => group.filter(({ item }) => !deleted.has(item.id))).filter((group) => group.length > 1);
  const over = compared > 0 && cursor === null;
  return html`
    <section class="alike" aria-label="Look-alikes">
      <div class="heading"><h2>Look-alikes</h2>
        ${!over && html`<button onClick=${compare} disabled=${busy}><${Icon} name="copies" />${compared ? "Compare more" : "Find look-alikes"}</button>`}
      </div>
      <p class="faint" role="status">${said({ busy, compared, total, count: left.length, over })}</p>
      ${busy && html`<progress max=${Math.min(total, compared + COMPARED_AT_ONCE) || 1} value=${compared} aria-label="Compared" />`}
      <ul class="groups">${left.map((group) => html`<${Group} key=${group[0].item.id} group=${group} />`)}</ul>
    </section>`;
}

function said({ busy, compared, total, count, over }) {
  if (!compared && !busy) return "Pictures of the same thing in other files: smaller copies, bursts. Each image is compared with all others, newest first.";
  const so = `${number(compared)} of ${many(total, "image")} compared`;
  if (busy) return `${so}…`;
  return `${so}: ${count ? many(count, "group") : over ? "no two look alike" : "none yet"}.`;
}

/** The best comes first, and is the one to keep if one keeps one. */
function Group({ group }) {
  const [best, ...others] = group;
  const letGo = async (items) => tell(await forEach(items, async ({ item }) => {
    await call("DELETE", `items/${item.id}`);
    remove(item.id);
  }), items.length, "deleted");
  return html`
    <li class="alike-group">
      <div class="heading"><h3>${titleOf(best.item)}</h3>
        <${Confirm} label="Keep the largest" question=${`Delete the other ${others.length}?`} onConfirm=${() => letGo(others)} />
      </div>
      <ul>${group.map(({ item, distance }, index) => html`
        <li key=${item.id}>
          <a href=${addressWith({ item: item.id })} aria-label=${item.original_filename}>
            <img src=${item.thumbnail_url} alt="" loading="lazy" /></a>
          <p><b>${item.width} × ${item.height}</b><span>${bytes(item.file_size)}</span></p>
          <p class="faint small">${item.original_filename}, ${date(item.created_at)}</p>
          <p class="faint small">${index === 0 ? "The largest" : distance === 0 ? "Looks the same" : "Looks alike"}</p>
          <${Confirm} className="quiet" question=${`Delete ${item.original_filename}?`} onConfirm=${() => letGo([{ item }])} />
        </li>`)}</ul>
    </li>`;
}

/**
 * The image with those that look like it, the largest first; nothing if there is none, or if another's comparison has
 * told of it.
 */
async function alike(item, seen) {
  if (!item.thumbnail_url || item.status === "duplicate" || seen.has(item.id)) return null;
  const { near } = await call("GET", `items/${item.id}/duplicates`);
  const others = near.filter((each) => each.item.status !== "duplicate" && each.item.thumbnail_url && !seen.has(each.item.id));
  // Others are asked about at the same time: one of them may have come first.
  if (!others.length || seen.has(item.id)) return null;
  const group = [{ item, distance: 0 }, ...others];
  for (const each of group) seen.add(each.item.id);
  const pixels = (each) => each.item.width * each.item.height;
  return group.sort((one, other) => pixels(other) - pixels(one) || other.item.file_size - one.item.file_size);
}
