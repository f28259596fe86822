/** What one may say oneself of an image: tags, category, title and note. Each is kept as soon as it is left. */
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { loadNames, names } from "../names.js";
import { attempt } from "../notices.js";
import { useStore } from "../store.js";
import { CATEGORIES } from "../words.js";

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
        <label>Album <${AddToAlbum} id=${item.id} /></label>
        <label class="wide">Title <input value=${item.title ?? ""} placeholder="Your own title" onBlur=${leave("title")} onKeyDown=${enter} /></label>
        <label class="wide">Note <textarea rows="2" value=${item.note ?? ""} placeholder="Anything to find it by" onBlur=${leave("note")}></textarea></label>
      </div>
    </div>`;
}

function Tags({ tags, onChange }) {
  const [text, setText] = useState("");
  const { tags: known } = useStore(names);
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
      <datalist id="known-tags">${known.map(({ id, name }) => html`<option key=${id} value=${name} />`)}</datalist>
    </form>`;
}

function AddToAlbum({ id }) {
  const { albums } = useStore(names);
  const [added, setAdded] = useState("");
  const add = (event) => {
    const album = albums.find((each) => each.id === event.currentTarget.value);
    event.currentTarget.value = "";
    if (album) void attempt(async () => {
      await call("POST", `albums/${album.id}/items`, { body: { item_ids: [id] } });
      setAdded(album.name);
    });
  };
  return html`
    <select onChange=${add} disabled=${!albums.length}>
      <option value="">${added ? `In ${added}` : albums.length ? "Add to…" : "No album yet"}</option>
      ${albums.map((album) => html`<option key=${album.id} value=${album.id}>${album.name}</option>`)}
    </select>`;
}

function enter(event) {
  if (event.key === "Enter") event.currentTarget.blur();
}
