/** What a search found, with an answer on demand. */
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { gone } from "../library.js";
import { goWith, place } from "../router.js";
import { useStore } from "../store.js";
import { many } from "../words.js";
import { Answer } from "./answer.js";
import { Filters } from "./filters.js";
import { Grid } from "./grid.js";
import { GridHead } from "./selection_bar.js";
import { Empty, Trouble } from "./states.js";

/** Types of search -> what they look for. */
const TYPES = {
  hybrid: ["Both", "By meaning and by words"],
  vector: ["Meaning", "What is like it, in whatever words"],
  bm25: ["Words", "The words themselves"],
  agentic: ["Thorough", "Several searches, one building on another; takes a while"],
};
const RESULTS = 50;
const ANSWERED_FROM = 10;

export function Search() {
  const { params } = useStore(place);
  const { q = "", type = "hybrid", ask } = params;
  const request = asked(params);
  const [{ found, trouble, busy }, setState] = useState({ found: null, trouble: "", busy: true });
  const look = (controller = new AbortController()) => {
    setState((state) => ({ ...state, busy: true }));
    call("POST", "search", { body: request, signal: controller.signal })
      .then((answer) => setState({ found: answer, trouble: "", busy: false }))
      .catch((error) => { if (error.name !== "AbortError") setState({ found: null, trouble: error.message, busy: false }); });
    return () => controller.abort();
  };
  useEffect(() => (q ? look() : undefined), [JSON.stringify(request)]);
  const { ids: deleted } = useStore(gone);
  const items = (found?.results ?? []).filter((result) => !deleted.has(result.item_id)).map(asItem);
  return html`
    <h1 class="hidden">Search</h1>
    <div class="search-types" role="radiogroup" aria-label="Search type">
      ${Object.entries(TYPES).map(([key, [name, title]]) => html`
        <button key=${key} role="radio" title=${title} aria-checked=${key === type}
          onClick=${() => goWith({ type: key, item: undefined }, { replace: true })}>${name}</button>`)}
      <button class="ask ${ask ? "on" : ""}" aria-pressed=${Boolean(ask)} onClick=${() => goWith({ ask: ask ? undefined : "1", item: undefined })}>
        <${Icon} name="spark" />Answer it
      </button>
    </div>
    <${Filters} searching />
    ${(ask || type === "agentic") && !trouble && html`<${Answer} found=${busy ? null : found} />`}
    ${trouble && html`<${Trouble} message=${trouble} retry=${() => look()} />`}
    ${found && html`
      <${GridHead} selectable=${items.length > 0}>${busy ? "Searching…" : `${many(items.length, "image")} for “${found.query}”, ${Math.round(found.retrieval_time_ms)} ms`}<//>
      ${items.length
        ? html`<${Grid} key=${found.query} count=${items.length} itemAt=${(index) => items[index]} label="Results" />`
        : html`<${Empty} icon="search" title="Nothing found">No image of yours fits “${found.query}”. Try other words, or fewer filters.<//>`}`}
    ${!found && busy && html`<p class="count">Searching…</p>`}`;
}

function asked({ q, type = "hybrid", ask, category, tag, taken_from, taken_to }) {
  return {
    query: q,
    search_type: type,
    top_k: ask || type === "agentic" ? ANSWERED_FROM : RESULTS,
    ...(ask && type !== "agentic" && { include_answer: true }),
    ...(category && { category_filter: category }),
    ...(tag && { tags: [tag] }),
    ...(taken_from && { taken_from }),
    ...(taken_to && { taken_to }),
  };
}

/** A result, as the grid shows items. */
function asItem(result) {
  return {
    id: result.item_id,
    status: "searchable",
    title: result.headline ?? result.metadata.original_filename,
    category: result.category,
    thumbnail: result.thumbnail_url,
  };
}
