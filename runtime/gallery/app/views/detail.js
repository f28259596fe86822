/** One image: large, what was seen in it, and what one may change. */
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { library, remove, replace } from "../library.js";
import { attempt, notify } from "../notices.js";
import { addressWith, goWith } from "../router.js";
import { bytes, date, dateAndTime, SETTLED, STAGE, STATUS, titleOf } from "../words.js";
import { Confirm } from "./confirm.js";
import { Dialog } from "./dialog.js";
import { Edit } from "./edit.js";
import { WorldMap } from "./map.js";
import { Loading, Trouble } from "./states.js";
import { retry } from "./tile.js";

const POLL_MILLISECONDS = 1500;
const SIMILAR = 8;

export function Detail({ id }) {
  const [loaded, setItem] = useState(null);
  const item = loaded?.id === id ? loaded : null;
  const [trouble, setTrouble] = useState("");
  const load = () => call("GET", `items/${id}`).then((found) => { setItem(found); setTrouble(""); }, (error) => setTrouble(error.message));
  useEffect(() => { void load(); }, [id]);
  useEffect(() => {
    if (!item || SETTLED.has(item.status)) return undefined;
    const timer = setTimeout(load, POLL_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [item]);
  const close = () => goWith({ item: undefined });
  const changed = (next) => {
    setItem(next);
    replace(next);
  };
  return html`
    <${Dialog} label=${item ? titleOf(item) : "Image"} className="detail" onClose=${close} onKeyDown=${step}>
      <div class="detail-body">
        ${trouble && html`<${Trouble} message=${trouble} retry=${load} />`}
        ${!item && !trouble && html`<${Loading} />`}
        ${item && html`<${Picture} key=${`picture ${id}`} item=${item} /><${Facts} key=${id} item=${item} onChange=${changed} onReload=${load} onClose=${close} />`}
      </div>
    <//>`;
}

function Picture({ item }) {
  const [failed, setFailed] = useState(false);
  const neighbours = around(item.id);
  const source = item.preview_url ?? item.image_url;
  return html`
    <div class="picture">
      ${source && !failed && item.status !== "failed"
        ? html`<img src=${source} alt=${item.latest_analysis?.headline ?? item.original_filename} onError=${() => setFailed(true)} />`
        : html`<span class="blank"><${Icon} name=${item.status === "failed" ? "alert" : "photos"} /></span>`}
      ${neighbours.before && html`<a class="turn before" href=${addressWith({ item: neighbours.before })} aria-label="Previous image"><${Icon} name="left" /></a>`}
      ${neighbours.after && html`<a class="turn after" href=${addressWith({ item: neighbours.after })} aria-label="Next image"><${Icon} name="right" /></a>`}
    </div>`;
}

function Facts({ item, onChange, onReload, onClose }) {
  const analysis = item.latest_analysis;
  const text = analysis?.image_details?.extracted_text ?? [];
  return html`
    <div class="facts">
      <${State} item=${item} onChange=${onChange} />
      <h2>${titleOf(item)}</h2>
      ${analysis?.summary && html`<p class="summary">${analysis.summary}</p>`}
      <${Edit} item=${item} onChange=${onChange} />
      ${text.length > 0 && html`
        <details class="extracted" open=${text.length <= 12}><summary>Text in the image</summary><pre tabindex="0" aria-label="Text in the image">${text.join("\n")}</pre></details>`}
      ${item.latitude !== null && item.longitude !== null && html`<${WorldMap} latitude=${item.latitude} longitude=${item.longitude} />`}
      <dl class="data">
        <${Fact} name="File" value=${`${item.original_filename}, ${bytes(item.file_size)}`} />
        <${Fact} name="Size" value=${item.width && `${item.width} × ${item.height}`} />
        <${Fact} name="Taken" value=${item.taken_at && dateAndTime(item.taken_at)} />
        <${Fact} name="Added" value=${dateAndTime(item.created_at)} />
        <${Fact} name="Camera" value=${item.camera} />
        <${Fact} name="Seen in it" value=${analysis?.image_details?.objects.join(", ")} />
        <${Fact} name="About" value=${analysis?.image_details?.themes.join(", ")} />
        <${Fact} name="Source" value=${analysis?.image_details?.likely_source} />
      </dl>
      ${item.status === "searchable" && html`<${Similar} id=${item.id} /><${Versions} item=${item} onReload=${onReload} />`}
      <div class="actions">
        ${item.image_url && html`<a class="button" href=${item.image_url} target="_blank" rel="noreferrer"><${Icon} name="open" />Original</a>`}
        <${Remove} item=${item} onClose=${onClose} />
      </div>
    </div>`;
}

function State({ item, onChange }) {
  if (item.status === "failed") {
    return html`
      <div class="said" role="alert"><${Icon} name="alert" />
        <p><b>Failed while ${STAGE[item.stage] ?? "working on it"}.</b> ${item.error}</p>
        ${item.stage !== "upload" && html`<button onClick=${async () => { await retry(item); onChange(await call("GET", `items/${item.id}`)); }}>
          <${Icon} name="retry" />Try again</button>`}
      </div>`;
  }
  if (item.status === "duplicate") {
    return html`<p class="said calm">The same file as <a href=${addressWith({ item: item.duplicate_of })}>another image</a>.</p>`;
  }
  return SETTLED.has(item.status) ? null : html`<p class="said calm" role="status"><span class="dot"></span>${STATUS[item.status]}…</p>`;
}

function Fact({ name, value }) {
  return value ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : null;
}

function Similar({ id }) {
  const [found, setFound] = useState([]);
  useEffect(() => {
    void attempt(async () => setFound((await call("GET", `items/${id}/similar`, { query: { limit: SIMILAR } })).similar));
  }, [id]);
  if (!found.length) return null;
  return html`
    <section class="similar"><h3>Similar</h3>
      <ul>${found.map(({ item }) => html`
        <li key=${item.id}><a href=${addressWith({ item: item.id })}>
          <img src=${item.thumbnail_url} alt=${titleOf(item)} title=${titleOf(item)} loading="lazy" /></a></li>`)}</ul>
    </section>`;
}

function Versions({ item, onReload }) {
  const [versions, setVersions] = useState([]);
  const load = () => attempt(async () => setVersions((await call("GET", `items/${item.id}/analyses`)).analyses));
  const again = () => attempt(async () => {
    await call("POST", `items/${item.id}/analyze`, { body: { force_reanalyze: true } });
    notify("It will be looked at again; this takes a moment.");
    setTimeout(() => { void load(); onReload(); }, 2 * POLL_MILLISECONDS);
  });
  return html`
    <details class="versions" onToggle=${(event) => event.currentTarget.open && load()}>
      <summary>Versions</summary>
      <ol reversed>${versions.map((version) => html`
        <li key=${version.id}><b>${version.headline ?? version.state}</b><span class="faint">${version.model}, ${date(version.created_at)}</span></li>`)}</ol>
      <button onClick=${again}><${Icon} name="retry" />Look again</button>
    </details>`;
}

function Remove({ item, onClose }) {
  const act = () => attempt(async () => {
    await call("DELETE", `items/${item.id}`);
    remove(item.id);
    notify("The image is deleted.");
    onClose();
  });
  return html`<${Confirm} question="Delete this image?" onConfirm=${act} />`;
}

/** Neighbours in what is shown behind the dialog. */
function around(id) {
  const { items } = library.get();
  const index = items.findIndex((item) => item.id === id);
  return index < 0 ? {} : { before: items[index - 1]?.id, after: items[index + 1]?.id };
}

/** Arrows turn to the neighbours. */
function step(event) {
  if (event.target.closest("input, textarea, select, pre")) return;
  const turn = { ArrowLeft: ".turn.before", ArrowRight: ".turn.after" }[event.key];
  if (turn) event.currentTarget.querySelector(turn)?.click();
}
