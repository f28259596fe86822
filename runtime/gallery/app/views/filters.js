/** Narrows the library, or a search: category, tag, album, dates, state and order. */
import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { loadNames, names } from "../names.js";
import { attempt } from "../notices.js";
import { goWith, place } from "../router.js";
import { useStore } from "../store.js";
import { CATEGORIES, STATUS } from "../words.js";

const ORDERS = { newest: "Newest first", oldest: "Oldest first", taken: "By date taken" };

/** @param {{searching?: boolean}} props  a search has an order of its own, and finds what is searchable only */
export function Filters({ searching = false }) {
  const { params } = useStore(place);
  const { tags, albums } = useStore(names);
  useEffect(() => { void attempt(loadNames); }, []);
  const set = (name) => (event) => goWith({ [name]: event.currentTarget.value, item: undefined }, { replace: true });
  const active = ["category", "tag", "album", "status", "taken_from", "taken_to"].filter((name) => params[name]);
  const clear = () => goWith(Object.fromEntries(active.map((name) => [name, undefined])), { replace: true });
  return html`
    <div class="filters" role="group" aria-label="Filters">
      <${Choice} label="Category" value=${params.category} onChange=${set("category")} options=${CATEGORIES.map((each) => [each, each])} />
      <${Choice} label="Tag" value=${params.tag} onChange=${set("tag")} options=${tags.map(({ name }) => [name, name])} />
      ${!searching && html`<${Choice} label="Album" value=${params.album} onChange=${set("album")} options=${albums.map(({ id, name }) => [id, name])} />`}
      ${!searching && html`<${Choice} label="State" value=${params.status} onChange=${set("status")} options=${Object.entries(STATUS)} />`}
      <label class="chip ${params.taken_from ? "on" : ""}">From <input type="date" value=${day(params.taken_from)} onChange=${(event) => goWith({ taken_from: beginning(event.currentTarget.value) }, { replace: true })} /></label>
      <label class="chip ${params.taken_to ? "on" : ""}">To <input type="date" value=${day(params.taken_to)} onChange=${(event) => goWith({ taken_to: ending(event.currentTarget.value) }, { replace: true })} /></label>
      ${!searching && html`
        <label class="chip"><span class="hidden">Order</span>
          <select value=${params.sort ?? "newest"} onChange=${set("sort")}>
            ${Object.entries(ORDERS).map(([value, name]) => html`<option key=${value} value=${value}>${name}</option>`)}
          </select>
        </label>`}
      ${active.length > 0 && html`<button class="chip clear" onClick=${clear}><${Icon} name="close" />Clear</button>`}
    </div>`;
}

function Choice({ label, value = "", options, onChange }) {
  return html`
    <label class="chip ${value ? "on" : ""}"><span class="hidden">${label}</span>
      <select value=${value} onChange=${onChange}>
        <option value="">${label}</option>
        ${options.map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}
      </select>
    </label>`;
}

const day = (moment) => moment?.slice(0, 10) ?? "";
const beginning = (date) => date && `${date}T00:00:00Z`;
const ending = (date) => date && `${date}T23:59:59Z`;
