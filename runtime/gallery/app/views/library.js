/** All one's images, or those that the filters leave. */
import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { FILTERS, library, reach, refresh, show } from "../library.js";
import { attempt } from "../notices.js";
import { place } from "../router.js";
import { useStore } from "../store.js";
import { many } from "../words.js";
import { Filters } from "./filters.js";
import { Grid } from "./grid.js";
import { GridHead } from "./selection_bar.js";
import { Empty, Trouble } from "./states.js";

export function Library() {
  const { params } = useStore(place);
  const filters = Object.fromEntries(FILTERS.filter((name) => params[name]).map((name) => [name, params[name]]));
  const { total, loaded } = useStore(library);
  const filtered = Object.keys(filters).some((name) => name !== "sort");
  useEffect(() => { show(filters); }, [JSON.stringify(filters)]);
  useEffect(() => {
    const back = () => { if (!document.hidden) void attempt(refresh); };
    document.addEventListener("visibilitychange", back);
    return () => document.removeEventListener("visibilitychange", back);
  }, []);
  return html`
    <h1 class="hidden">Library</h1>
    ${(filtered || total > 0 || !loaded) && html`<${Filters} />`}
    <${Images} label="Your images" nothing=${filtered ? html`<${NothingFiltered} />` : html`<${NothingYet} />`} />`;
}

/** The list that the library holds at present. */
export function Images({ label, nothing }) {
  const { items, total, loaded, error } = useStore(library);
  if (error && !loaded) return html`<${Trouble} message=${error} retry=${() => show(library.get().filters)} />`;
  if (!loaded) return html`<div class="loading-grid" aria-busy="true"><span class="hidden">Loading</span>${Array.from({ length: 18 }, (_, key) => html`<div key=${key} class="tile waiting"></div>`)}</div>`;
  if (!total) return nothing;
  return html`
    <${GridHead}>${many(total, "image")}<//>
    <${Grid} count=${total} itemAt=${(index) => items[index]} onReach=${(index) => attempt(() => reach(index))} label=${label} />`;
}

function NothingYet() {
  return html`
    <${Empty} icon="photos" title="Nothing here yet">
      Drop images or a whole folder anywhere on this page, paste one, or choose some. They can be found as soon as they
      have been looked at.
      <div><button class="primary large" onClick=${() => document.getElementById("choose-files").click()}><${Icon} name="upload" />Choose images</button></div>
    <//>`;
}

function NothingFiltered() {
  return html`<${Empty} icon="search" title="No image matches these filters">Take one of them away to see more.<//>`;
}
