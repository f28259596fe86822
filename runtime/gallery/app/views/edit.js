/** What one may say oneself of an image: tags, category, title and note. Each is kept as soon as it is left. */
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { drop } from "../library.js";
import { loadNames, names, useShownAlbum } from "../names.js";
import { attempt, notify } from "../notices.js";
import { goWith } from "../router.js";
import { useStore } from "../store.js";
import { CATEGORIES, many } from "../words.js";

/** Images that the API puts into an album by one request. */
const ADDED_AT_ONCE = 100;

export function Edit({ item, onChange }) {
  const keep = (changes) => attempt(async () => onChange(await call("PATCH", `items/${item.id}`, { body: changes })));
  const leave = (name) => (event) => {
    const value = event.currentTarget.value.trim() || null;
    if (value !== item[name]) void keep({ [name]: value });
  };
  return html`
    <div class="edit">
      <${Tags} tags=${item.tags ?? []} onChange=${(tags) => keep({ tags }).then(() => attempt(loadNames))} />
      <div class="fields">
        <label>Category
          <select value=${item.category ?? ""} onChange=${leave("category")}>
            ${!item.category && html`<option value="">—</option>`}
            ${CATEGORIES.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
          </select></label>
        <label>Album <${AddToAlbum} ids=${[item.id]} /></label>
        <label class="wide">Title <input value=${item.title ?? ""} placeholder="Your own title" onBlur=${leave("title")} onKeyDown=${enter} /></label>
        <label class="wide">Note <textarea rows="2" value=${item.note ?? ""} placeholder="Anything to find it by" onBlur=${leave("note")}></textarea></label>
      </div>
      <${TakeOut} id=${item.id} />
    </div>`;
}

function Tags({ tags, onChange }) {
  const [text, setText] = useState("");
  function add(event) {
    event.preventDefault();
    const name = text.trim();
    setText("");
    if (name && !tags.some((tag) => tag.toLowerCase() === name.toLowerCase())) onChange([...tags, name]);
  }
  return html`
    <form class="tags" onSubmit=${add}>
      ${tags.map((tag) => html`
        <span key=${tag} class="tag">${tag}<button type="button" class="quiet" aria-label="Remove tag ${tag}"
          onClick=${() => onChange(tags.filter((each) => each !== tag))}><${Icon} name="close" /></button></span>`)}
      <input aria-label="Add a tag" placeholder="Add a tag" list="known-tags" value=${text} onInput=${(event) => setText(event.currentTarget.value)} />
      <${KnownTags} id="known-tags" />
    </form>`;
}

/** The tags that there are, to choose from while one types. */
export function KnownTags({ id }) {
  const { tags } = useStore(names);
  return html`<datalist id=${id}>${tags.map((tag) => html`<option key=${tag.id} value=${tag.name} />`)}</datalist>`;
}

/** @param {{ids: string[], label?: string, disabled?: boolean, onAdded?: () => void}} props  of images to add, all at once */
export function AddToAlbum({ ids, label, disabled = false, onAdded }) {
  const { albums } = useStore(names);
  const [added, setAdded] = useState("");
  const add = (event) => {
    const album = albums.find((each) => each.id === event.currentTarget.value);
    event.currentTarget.value = "";
    if (album) void attempt(async () => {
      for (let start = 0; start < ids.length; start += ADDED_AT_ONCE) {
        await call("POST", `albums/${album.id}/items`, { body: { item_ids: ids.slice(start, start + ADDED_AT_ONCE) } });
      }
      setAdded(album.name);
      notify(`${many(ids.length, "image")} in ${album.name}.`);
      onAdded?.();
      await loadNames();
    });
  };
  return html`
    <select aria-label=${label} onChange=${add} disabled=${disabled || !albums.length}>
      <option value="">${added && !onAdded ? `In ${added}` : albums.length ? "Add to album…" : "No album yet"}</option>
      ${albums.map((album) => html`<option key=${album.id} value=${album.id}>${album.name}</option>`)}
    </select>`;
}

/** Where an album is shown: takes the image out of it. */
function TakeOut({ id }) {
  const album = useShownAlbum();
  if (!album) return null;
  const act = () => attempt(async () => {
    await call("DELETE", `albums/${album.id}/items/${id}`);
    drop(id);
    notify(`Taken out of ${album.name}.`);
    goWith({ item: undefined });
    await loadNames();
  });
  return html`<button type="button" class="take-out" onClick=${act}><${Icon} name="out" />Take out of ${album.name}</button>`;
}

function enter(event) {
  if (event.key === "Enter") event.currentTarget.blur();
}
